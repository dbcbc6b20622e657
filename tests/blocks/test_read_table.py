"""`read_table`."""

from __future__ import annotations

import gzip
from datetime import date

import polars as pl
import pytest

from tests.blocks.context import issues, run
from workbench.base.errors import BlockFailed

TABLE = pl.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]})


def fails(message, config, root):
    with pytest.raises(BlockFailed, match=message) as caught:
        run("read_table", config, files_root=root)
    assert caught.value.kind == "FILE"
    return caught.value


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.parquet", "t.json", "t.ndjson", "t.arrow"])
def test_every_format_is_read_by_its_suffix(tmp_path, name):
    writers = {
        "csv": TABLE.write_csv,
        "tsv": lambda p: TABLE.write_csv(p, separator="\t"),
        "parquet": TABLE.write_parquet,
        "json": TABLE.write_json,
        "ndjson": TABLE.write_ndjson,
        "arrow": TABLE.write_ipc,
    }
    writers[name.split(".")[1]](tmp_path / name)
    assert run("read_table", {"path": name}, files_root=tmp_path).output.equals(TABLE)
    part = run("read_table", {"path": name, "columns": ["b"], "limit": 1}, files_root=tmp_path).output
    assert part.to_dicts() == [{"b": "x"}]
    assert "has no column `c`; it has a, b" in str(fails("c", {"path": name, "columns": ["c"]}, tmp_path))


def test_csv_options(tmp_path):
    (tmp_path / "t.csv").write_text("id;day;n\n001;2013-01-01;NA\n002;2013-01-02;5\n")
    config = {"path": "t.csv", "delimiter": ";", "nullValues": ["NA"], "dtypes": {"id": "text"}, "tryParseDates": True}
    assert run("read_table", config, files_root=tmp_path).output.to_dicts() == [
        {"id": "001", "day": date(2013, 1, 1), "n": None},
        {"id": "002", "day": date(2013, 1, 2), "n": 5},
    ]


def test_a_column_that_turns_into_text_late_is_text(tmp_path):
    (tmp_path / "t.csv").write_text("n\n" + "1\n" * 12_000 + "many\n")
    assert run("read_table", {"path": "t.csv"}, files_root=tmp_path).output["n"].dtype == pl.String


def test_a_compressed_csv_is_read(tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a\n1\n"))
    assert run("read_table", {"path": "t.csv.gz"}, files_root=tmp_path).output.to_dicts() == [{"a": 1}]


def test_a_missing_file_names_the_nearest(tmp_path):
    (tmp_path / "flights.csv").write_text("a\n1\n")
    assert fails("no file `flight.csv`", {"path": "flight.csv"}, tmp_path).hint == "Did you mean `flights.csv`?"


@pytest.mark.parametrize("path", ["../secret.csv", "/etc/passwd", "link.csv", "folder/../../secret.csv"])
def test_nothing_outside_the_root_is_read(tmp_path, path):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (root / "link.csv").symlink_to(tmp_path / "secret.csv")
    fails("leads out of the server's root folder", {"path": path, "format": "csv"}, root)


def test_a_root_with_a_like_name_beside_it_is_not_inside(tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "root2").mkdir()
    (tmp_path / "root2" / "t.csv").write_text("a\n1\n")
    fails("leads out", {"path": "../root2/t.csv"}, tmp_path / "root")


def test_a_link_that_leads_to_itself_is_an_error(tmp_path):
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    with pytest.raises(BlockFailed):
        run("read_table", {"path": "loop.csv"}, files_root=tmp_path)


def test_a_csv_that_is_none_is_said(tmp_path):
    TABLE.write_parquet(tmp_path / "t.csv")
    assert fails("is no CSV", {"path": "t.csv"}, tmp_path).hint == "It looks like Parquet."
    (tmp_path / "empty.csv").write_text("")
    fails("is empty", {"path": "empty.csv"}, tmp_path)
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n1,2,3,4\n")
    fails("cannot be read as csv", {"path": "ragged.csv"}, tmp_path)


@pytest.mark.parametrize("name", ["t.parquet", "t.json", "t.ndjson", "t.arrow"])
def test_a_file_that_is_not_what_its_suffix_says_is_an_error(tmp_path, name):
    (tmp_path / name).write_text("nothing of the kind")
    fails("is no JSON" if name == "t.json" else "cannot be read as", {"path": name}, tmp_path)


def test_an_unknown_suffix_lists_those_that_are_known(tmp_path):
    (tmp_path / "t.xlsx").write_text("")
    assert ".parquet" in fails("names no table format", {"path": "t.xlsx"}, tmp_path).hint


def test_issues():
    assert issues("read_table", {}) == ["path is needed"]
    assert issues("read_table", {"path": "{{ input }}", "limit": "{{ n }}"}) == []
