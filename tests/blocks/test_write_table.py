"""`write_table`."""

from __future__ import annotations

import polars as pl
import pytest

from tests.blocks.context import run
from workbench.base.errors import BlockFailed

TABLE = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
NAMES = ["t.csv", "t.tsv", "t.parquet", "t.json", "t.ndjson", "t.arrow"]


def write(root, config, table=TABLE):
    return run("write_table", config, input=table, files_root=root).output


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_read_again_and_appended_to(tmp_path, name):
    first = write(tmp_path, {"path": name})
    assert first == {"path": name, "rows": 2, "bytes": (tmp_path / name).stat().st_size}
    write(tmp_path, {"path": name, "mode": "append"}, TABLE.select("b", "a"))
    assert run("read_table", {"path": name}, files_root=tmp_path).output.equals(pl.concat([TABLE, TABLE]))
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_rows_with_other_columns_are_not_appended(tmp_path, name):
    write(tmp_path, {"path": name})
    before = (tmp_path / name).read_bytes()
    with pytest.raises(BlockFailed, match="has no column `b`"):
        write(tmp_path, {"path": name, "mode": "append"}, TABLE.select("a"))
    with pytest.raises(BlockFailed, match="has no column `c`; it has a, b"):
        write(tmp_path, {"path": name, "mode": "append"}, TABLE.with_columns(c=1))
    assert (tmp_path / name).read_bytes() == before


def test_a_csv_without_a_last_line_end_is_appended_to_properly(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n0,w")
    write(tmp_path, {"path": "t.csv", "mode": "append"})
    assert (tmp_path / "t.csv").read_text() == "a,b\n0,w\n1,x\n2,y\n"


def test_a_missing_folder_is_made_when_asked(tmp_path):
    with pytest.raises(BlockFailed, match=r"folder of `out/t\.csv` does not exist"):
        write(tmp_path, {"path": "out/t.csv"})
    assert write(tmp_path, {"path": "out/deep/t.csv", "createFolders": True})["path"] == "out/deep/t.csv"


def test_a_list_of_objects_is_written_as_a_table(tmp_path):
    assert write(tmp_path, {"path": "t.csv"}, [{"a": 1}, {"a": 2}])["rows"] == 2


def test_what_csv_cannot_hold_is_named_and_the_old_file_stays(tmp_path):
    (tmp_path / "t.csv").write_text("old")
    with pytest.raises(BlockFailed, match="CSV cannot hold the columns c"):
        write(tmp_path, {"path": "t.csv"}, pl.DataFrame({"c": [[1]]}))
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("t.csv", "old")]


@pytest.mark.parametrize("path", ["../t.csv", "link/t.csv"])
def test_nothing_is_written_outside_the_root(tmp_path, path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(BlockFailed, match="leads out"):
        write(root, {"path": path})
    assert not (tmp_path / "t.csv").exists()
