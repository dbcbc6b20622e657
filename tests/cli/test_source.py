"""What a file holds for `workbench run`, and how inputs are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.base.errors import InvalidInput
from workbench.cli.source import read_inputs, read_source

FLOW = {"blocks": [{"id": "a", "type": "start", "name": "start"}], "edges": []}


def test_an_input_is_json_where_it_parses_and_text_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text('[{"a": 1}]')
    pairs = ["n=3", "day=2013-07-04", 'list=[1, "x"]', "empty=", "eq=a=b", "yes=true", f"rows=@{tmp_path}/rows.json"]
    assert read_inputs(pairs) == {
        "n": 3,
        "day": "2013-07-04",
        "list": [1, "x"],
        "empty": "",
        "eq": "a=b",
        "yes": True,
        "rows": [{"a": 1}],
    }


@pytest.mark.parametrize("pair", ["novalue", "=x", "x=@/nowhere/at/all"])
def test_an_input_that_is_none_is_named(pair: str) -> None:
    with pytest.raises(InvalidInput):
        read_inputs([pair])


def test_a_flow_file_is_a_flow_or_a_named_function(tmp_path: Path) -> None:
    bare, named = tmp_path / "daily.flow.json", tmp_path / "other.json"
    bare.write_text(json.dumps(FLOW))
    named.write_text(json.dumps({"name": "digest", "flow": FLOW}))
    assert (read_source(bare).name, read_source(bare).flow) == ("daily", FLOW)
    assert read_source(named).name == "digest"


def test_a_python_file_leaves_its_flow_in_a_variable(tmp_path: Path) -> None:
    file = tmp_path / "build.py"
    file.write_text(f"digest = {FLOW!r}\n")
    assert read_source(file).name == "digest"
    file.write_text(f"one = {FLOW!r}\ntwo = {FLOW!r}\n")
    with pytest.raises(InvalidInput, match=r"one, two"):
        read_source(file)
    assert read_source(file, "two").name == "two"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.flow.json", "{", "not JSON"),
        ("a.flow.json", "[1]", "no flow"),
        ("a.py", "x = 1", "no function"),
        ("a.txt", "", "neither"),
        ("a.flow.json", "\udcff", "Cannot read"),
    ],
)
def test_a_file_that_cannot_be_run_says_why(tmp_path: Path, name: str, content: str, says: str) -> None:
    (tmp_path / name).write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(InvalidInput, match=says):
        read_source(tmp_path / name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no file"):
        read_source(tmp_path / "none.py")
