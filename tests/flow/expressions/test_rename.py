from __future__ import annotations

import pytest

from workbench.flow.expressions import ExpressionError, rename


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ fetch.rows }} of fetch", "{{ got.rows }} of fetch"),
        ("{{  fetch  .fetch + 'fetch' + x['fetch'] }}", "{{  got  .fetch + 'fetch' + x['fetch'] }}"),
        ("{{ [fetch for fetch in fetch] }}", "{{ [fetch for fetch in got] }}"),
        ("{{ f'{fetch.a} fetch {fetch.b:>{fetch.c}}' }}", "{{ f'{got.a} fetch {got.b:>{got.c}}' }}"),
        ("{{ sorted(xs, key=lambda fetch: fetch.a) + fetch }}", "{{ sorted(xs, key=lambda fetch: fetch.a) + got }}"),
        ("{{ é.x + fetch }} {{ fetch2 }} \\{{ fetch }}", "{{ é.x + got }} {{ fetch2 }} \\{{ fetch }}"),
        ("{{ {'fetch': fetch}[\n 'fetch'] }}", "{{ {'fetch': got}[\n 'fetch'] }}"),
        ("{{ default(fetch.a, fetch) # fetch\n }}", "{{ default(got.a, got) # fetch\n }}"),
        ("{{ fetch + }}", "{{ fetch + }}"),
        ("{{ fetch }} {{ fetch + }} {{ fetch.x }} {{ fetch", "{{ got }} {{ fetch + }} {{ got.x }} {{ fetch"),
        ("fetch", "fetch"),
    ],
)
def test_only_root_names_are_rewritten_in_a_template(text: str, expected: str):
    assert rename(text, "template", "fetch", "got") == expected


def test_a_bare_expression_is_rewritten():
    assert rename("fetch.fetch > 1", "expression", "fetch", "got") == "got.fetch > 1"
    assert rename(" {{ fetch }} ", "deferred", "fetch", "got") == " {{ got }} "


def test_a_name_that_a_loop_would_capture_is_refused():
    with pytest.raises(ExpressionError) as caught:
        rename("[row + fetch for row in xs]", "expression", "fetch", "row")
    assert caught.value.code == "FORBIDDEN"
