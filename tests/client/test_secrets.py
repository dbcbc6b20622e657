"""`bench.secrets`: values go in and never come out."""

from __future__ import annotations

import pytest

from workbench.base.errors import InvalidInput, NotFound
from workbench.client.bench import Bench
from workbench.client.function import Function


def test_a_secret_is_set_looked_at_and_deleted_without_its_value(bench: Bench, function: Function) -> None:
    bench.secrets["token"] = "a value of mine"
    bench.secrets.set("token", "another value", "of the <shop>")
    with function.build() as f:
        f.start() >> f.http_request("call", url="https://x.org", headers={"X-Key": "{{ secrets.token }}"})
    function.save()
    found = bench.secrets["token"]
    assert (found.name, found.description, found.used_by) == ("token", "of the <shop>", [function.name])
    assert repr(found).startswith("secrets.token (set 20")
    assert "token" in bench.secrets
    assert list(bench.secrets) == ["token"]
    assert len(bench.secrets) == 1
    shown = [repr(found), found._repr_html_(), repr(bench.secrets), bench.secrets._repr_html_(), repr(vars(found))]
    assert not [text for text in shown if "a value of mine" in text or "another value" in text]
    assert "of the &lt;shop&gt;" in shown[3]
    assert bench.secrets.rotate() == 1
    del bench.secrets["token"]
    assert "token" not in bench.secrets


def test_one_that_is_not_there_says_how_it_is_set(bench: Bench) -> None:
    with pytest.raises(KeyError):
        bench.secrets["nowhere"]
    with pytest.raises(NotFound, match=r'bench.secrets\["nowhere"\] = getpass'):
        del bench.secrets["nowhere"]
    with pytest.raises(InvalidInput, match="text, not int"):
        bench.secrets["number"] = 5  # type: ignore[assignment]
    with pytest.raises(InvalidInput, match="secretName"):
        bench.secrets["not a name"] = "x"
