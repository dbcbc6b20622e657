"""Backup, restore, verify and compact: of a store at rest and of one that is at work."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.engine.flows import flow, transform
from tests.runs.test_runs import until
from tests.serving import Bench, running
from workbench.base.errors import InvalidInput, InvalidState, NotFound, StoreDamaged, StoreHeld
from workbench.cli import upkeep
from workbench.storage.copies import list_copies
from workbench.storage.copying import FILE

FLOW = flow([transform("big", "'x' * 100000")], "start > big").model_dump(by_alias=True, mode="json")


def work(bench: Bench) -> str:
    """A function that has run; its id."""
    client = bench.client()
    made = client.post("/functions", json={"name": "big", "flow": FLOW})
    assert made.is_success, made.text
    ran = client.post("/runs", json={"functionId": made.json()["data"]["id"], "async": False}).json()["data"]
    assert ran["status"] == "completed", ran
    return made.json()["data"]["id"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def filled(home: Path) -> str:
    with running(home) as bench:
        return work(bench)


def runs_of(home: Path, function: str) -> list[dict[str, Any]]:
    with running(home) as bench:
        found = bench.client().get("/runs", params={"functionId": function}).json()["data"]
        values = [bench.client().get(f"/runs/{r['id']}").json()["data"]["output"] for r in found]
    assert all(v is not None for v in values)
    return found


def test_a_backup_of_a_store_at_rest_comes_back(home: Path, filled: str, tmp_path: Path, capsys: Any) -> None:
    assert upkeep.back_up(tmp_path / "saved", home) == 0
    assert "1 values" in capsys.readouterr().out
    other = tmp_path / "other"
    assert upkeep.restore(tmp_path / "saved", other, replace=False) == 0
    assert upkeep.verify(other, online=False) == 0
    assert len(runs_of(other, filled)) == 1
    assert upkeep.verify(other, online=False) == 0


def test_a_backup_of_a_running_server_is_consistent(home: Path, tmp_path: Path) -> None:
    with running(home) as bench:
        bench.workbench.store.announce(bench.address, bench.workbench.access.add_kernel_key())
        function = work(bench)
        assert upkeep.back_up(tmp_path / "saved", home) == 0
        assert upkeep.verify(home, online=True) == 0
        with pytest.raises(StoreHeld, match="A workbench runs on"):
            upkeep.verify(home, online=False)
        with pytest.raises(StoreHeld):
            upkeep.restore(tmp_path / "saved", home, replace=True)
        work_after = bench.client().post("/workspaces", json={"name": "after"})
        assert work_after.is_success
    upkeep.restore(tmp_path / "saved", home, replace=True)
    assert (tmp_path / "home.replaced-1" / FILE).exists()
    assert len(runs_of(home, function)) == 1


def test_nothing_is_overwritten(home: Path, filled: str, tmp_path: Path) -> None:
    upkeep.back_up(tmp_path / "saved", home)
    with pytest.raises(InvalidInput, match="exists already"):
        upkeep.back_up(tmp_path / "saved", home)
    with pytest.raises(InvalidState, match="holds a store already"):
        upkeep.restore(tmp_path / "saved", home, replace=False)
    with pytest.raises(InvalidInput, match="no backup"):
        upkeep.restore(home, tmp_path / "new", replace=False)
    with pytest.raises(NotFound, match="no store"):
        upkeep.back_up(tmp_path / "more", tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def spoil(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def test_a_spoiled_backup_is_not_restored(home: Path, filled: str, tmp_path: Path) -> None:
    upkeep.back_up(tmp_path / "saved", home)
    (value,) = (tmp_path / "saved" / "values").glob("*/*")
    spoil(value)
    with pytest.raises(StoreDamaged, match="not what its name says"):
        upkeep.restore(tmp_path / "saved", tmp_path / "new", replace=False)
    spoil(value)
    spoil(tmp_path / "saved" / FILE)
    with pytest.raises(StoreDamaged, match="has changed"):
        upkeep.restore(tmp_path / "saved", tmp_path / "new", replace=False)
    assert not (tmp_path / "new").exists()


def test_verify_finds_a_value_a_fact_and_a_row_that_are_wrong(home: Path, filled: str, capsys: Any) -> None:
    assert upkeep.verify(home, online=False) == 0
    (value,) = (p for p in (home / "values").glob("*/*") if p.parent.name != "tmp")
    spoil(value)
    assert upkeep.verify(home, online=False) == 1
    assert "is not what its name says" in capsys.readouterr().err
    spoil(value)
    with duckdb.connect(str(home / FILE)) as connection:
        connection.execute("UPDATE runs SET status = 'failed'")
    assert upkeep.verify(home, online=False) == 1
    assert "table runs is not what the log says" in capsys.readouterr().err
    with duckdb.connect(str(home / FILE)) as connection:
        connection.execute("UPDATE runs SET status = 'completed'")
    assert upkeep.verify(home, online=False) == 0
    segment = min((home / "log").glob("*.log"))
    data = bytearray(segment.read_bytes())
    data[64 + 40] ^= 0xFF
    segment.write_bytes(data)
    assert upkeep.verify(home, online=False) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_what_was_deleted_is_gone_from_the_disk_after_compact(home: Path, tmp_path: Path) -> None:
    with running(home) as bench:
        client = bench.client()
        canvas = client.post("/canvases", json={"name": "very secret name"}).json()["data"]["id"]
        assert client.delete(f"/canvases/{canvas}").is_success
        assert holds(home / "log", b"very secret name")
    assert upkeep.compact(home) == 0
    assert not holds(home / "log", b"very secret name")
    assert not holds(home / "copies", b"very secret name")
    assert len(list_copies(home)) == 1
    assert upkeep.verify(home, online=False) == 0
    with running(home) as bench:
        bench.workbench.store.announce(bench.address, bench.workbench.access.add_kernel_key())
        assert bench.client().get("/canvases").is_success
        assert upkeep.compact(home) == 0
        assert bench.client("").get("/health").is_success
    (home / FILE).unlink()
    with running(home) as bench:
        assert bench.client("").get("/health").json()["data"]["parts"]["store"]["restoredFrom"]


def holds(folder: Path, words: bytes) -> bool:
    return any(words in p.read_bytes() for p in folder.rglob("*") if p.is_file())


def test_a_backup_under_write_load_has_all_that_was_acknowledged_before_it(home: Path, tmp_path: Path) -> None:
    with running(home) as bench:
        function = work(bench)
        bench.workbench.store.announce(bench.address, bench.workbench.access.add_kernel_key())
        acknowledged: list[str] = []
        is_over = threading.Event()

        def write() -> None:
            client = bench.client()
            while not is_over.is_set():
                made = client.post("/runs", json={"functionId": function}).json()["data"]
                acknowledged.append(made["id"])

        writers = [threading.Thread(target=write) for _ in range(2)]
        for writer in writers:
            writer.start()
        try:
            while len(acknowledged) < 30:
                writers[0].join(0.01)
            before = list(acknowledged)
            assert upkeep.back_up(tmp_path / "saved", home) == 0
            after = len(acknowledged)
        finally:
            is_over.set()
            for writer in writers:
                writer.join()
    assert after > len(before)  # nobody waited for the backup
    other = tmp_path / "other"
    assert upkeep.restore(tmp_path / "saved", other, replace=False) == 0
    assert upkeep.verify(other, online=False) == 0
    with running(other) as bench:
        for run_id in before:
            ended = until(bench.client(), run_id, "completed")
            assert ended["output"] is not None
