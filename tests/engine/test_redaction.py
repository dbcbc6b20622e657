"""Redaction: a value in every usual spelling, in texts, JSON, tables and cut sentences."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.base.errors import BlockFailed
from workbench.blocks.context import HttpRequest
from workbench.blocks.kind import Fired
from workbench.engine.redaction import Redactor, SecretsInUse

VALUE = 'p@ss"w/o+rd & <x> é\\'


def redactor(*values: str) -> Redactor:
    made = Redactor()
    for value in values or (VALUE,):
        made.add(value)
    return made


SPELLINGS = [
    VALUE, json.dumps(VALUE), json.dumps(VALUE, ensure_ascii=False), repr(VALUE), quote(VALUE), quote(VALUE, safe=""),
    quote_plus(VALUE), quote(VALUE).lower(), html.escape(VALUE),
]  # fmt: skip


@pytest.mark.parametrize("text", SPELLINGS)
def test_every_usual_spelling_is_found(text):
    assert redactor().text(f"a {text} b {text}").translate(str.maketrans("", "", "'\"")) == "a *** b ***"


@given(before=st.binary(max_size=9), after=st.binary(max_size=9), value=st.text(min_size=6, max_size=30))
def test_base64_of_anything_with_the_value_in_it_does_not_give_the_value(before, after, value):
    if len(value.strip()) < 6:
        return
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        left = redactor(value).text(encode(before + value.encode("utf-8", "replace") + after).decode())
        assert left == "***" or base64.b64decode(left) == before + b"***" + after
        assert redactor(value).text(f"Basic {left}") == f"Basic {left}"


def test_two_values_side_by_side_in_base64_are_both_gone():
    basic = base64.b64encode(f"x{VALUE}:second secret".encode()).decode()
    assert redactor(VALUE, "second secret").text(f"Basic {basic}, more") == "Basic ***, more"
    image = base64.b64encode(b"\0\xff" * 50 + f"Basic {basic}".encode() + b"\xfe" * 20).decode()
    assert base64.b64decode(redactor().text(image)) == b"\0\xff" * 50 + b"Basic ***" + b"\xfe" * 20


def test_keys_lists_and_tables_are_looked_through_and_all_else_stays():
    table = pl.DataFrame({"a": [f"x{VALUE}", None], "n": [1, 2], VALUE[:1]: ["y", VALUE]})
    output = {VALUE: [1, None, True, {"t": (VALUE, 2.5)}], "table": table}
    fired = redactor().fired(Fired(output, "out", {"v": VALUE}))
    assert fired.variables == {"v": "***"}
    made = fired.output.pop("table")
    assert fired.output == {"***": [1, None, True, {"t": ["***", 2.5]}]}
    assert made.rows() == [("x***", 1, "y"), (None, 2, "***")]


def test_a_short_value_is_not_looked_for():
    assert redactor("abc12").text("abc12 is short") == "abc12 is short"


def test_a_value_inside_another_leaves_no_rest():
    assert redactor("secret", "secret-longer").text("secret-longer secret") == "*** ***"


@pytest.mark.parametrize("kept", [3, 5, len(VALUE) - 1])
def test_a_failure_has_neither_the_value_nor_its_beginning_where_it_was_cut(kept):
    error = BlockFailed(f"it says {VALUE[:kept]}… and {VALUE}", kind="HTTP", hint=VALUE, data={"said": [VALUE]})
    error.__cause__ = ValueError(VALUE)
    found = redactor().failure(error)
    assert found.message == "it says ***… and ***"
    assert (found.hint, found.data, found.__cause__) == ("***", {"said": ["***"]}, None)
    assert VALUE not in str(found)


def test_a_call_says_which_of_its_headers_and_whether_its_body_hold_a_value():
    basic = base64.b64encode(f"me:{VALUE}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "X-Shop": VALUE, "Accept": "x"}
    made = redactor().request(HttpRequest("POST", "http://x", headers, body=json.dumps({"a": VALUE}).encode()))
    assert made.secret_headers == {"authorization", "x-shop"}
    assert made.has_secret_body
    assert not redactor().request(HttpRequest("POST", "http://x", {}, body=b"plain")).has_secret_body


def test_values_that_were_read_are_looked_for():
    class Source:
        def read(self, workspace_id, names):
            return {name: f"{workspace_id} {name} value" for name in names}

    in_use = SecretsInUse(Source(), "here")
    assert in_use.text("here a value") == "here a value"
    assert in_use.read(["a"]) == {"a": "here a value"}
    in_use.derived("with here a value in it")
    assert in_use.text("with here a value in it") == "with *** in it"
