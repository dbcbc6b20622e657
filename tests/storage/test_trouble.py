"""What goes wrong with a store, and what its callers are told."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pytest

from tests.storage.conftest import Opener
from tests.storage.notes import (
    LINE_TEXTS,
    LineAdded,
    Poison,
    registry,
    run,
)
from workbench.base.errors import StoreHeld, StoreTooNew, Unavailable
from workbench.base.probe import listen
from workbench.storage.apply import LAG_LIMIT
from workbench.storage.facts import Fact, FactType
from workbench.storage.migrations.runner import load_migrations, migrate
from workbench.storage.segments import HEADER_BYTES
from workbench.storage.store import Store


def test_a_bad_fact_is_put_aside_and_the_others_go_on(opened: Opener) -> None:
    async def main(store: Store) -> None:
        facts: list[Fact] = [LineAdded(str(i)) for i in range(100)]
        facts.insert(50, Poison("no number"))
        await store.append(facts, "w")
        await store.append([LineAdded("after")])
        assert len(await store.read(LINE_TEXTS)) == 101
        rows = await store.read(
            lambda c: c.execute("SELECT seq, workspace, tag, error FROM unapplied_facts").fetchall()
        )
        assert [r[:3] for r in rows] == [(51, "w", 900301)]
        assert "no number" in rows[0][3]
        assert not store.health()["ok"]

    run(opened(), main)


def failing(*points: str) -> Callable[[str], None]:
    """A hook that lets the disk fail at these probes."""

    def hook(name: str) -> None:
        if name in points:
            raise OSError(5, "Input/output error")

    return hook


def test_a_failing_sync_fails_all_waiters_and_nothing_is_written_until_the_disk_is_well(opened: Opener) -> None:
    async def main(store: Store) -> None:
        await store.append([LineAdded("kept")])
        listen(failing("log.before_sync", "log.before_mending"))
        tickets = [store.append([LineAdded("lost")]) for _ in range(3)]
        answers = await asyncio.gather(*map(_await, tickets), return_exceptions=True)
        assert all(isinstance(a, Unavailable) and a.data == {"outcome": "unknown"} for a in answers)
        with pytest.raises(Unavailable, match="could not be written"):
            store.append([LineAdded("refused")])
        with pytest.raises(Unavailable):
            await store.transact(lambda _: ([], None))
        assert await store.read(LINE_TEXTS) == ["kept"]
        assert not store.health()["ok"]

    store = opened()
    run(store, main)
    listen(None)
    store.close()
    assert run(opened(), lambda s: s.read(LINE_TEXTS)) == ["kept"]


@pytest.mark.parametrize("point", ["log.before_sync", "log.after_sync"])
def test_after_a_failed_write_the_log_goes_on_without_what_was_unknown(opened: Opener, point: str) -> None:
    async def main(store: Store) -> None:
        writable = asyncio.Event()
        store.on_writable = writable.set
        await store.append([LineAdded("kept")])
        listen(failing(point))
        lost = store.append([LineAdded("lost" * 1000)])
        with pytest.raises(Unavailable):
            await lost
        with pytest.raises(Unavailable):
            await store.transact(lambda _: ([LineAdded("undecided")], None))
        listen(None)
        async with asyncio.timeout(10):
            await writable.wait()
        assert await store.append([LineAdded("next")]) == 2
        assert await store.transact(lambda _: ([LineAdded("decided")], "answer")) == "answer"
        assert await store.read(LINE_TEXTS) == ["kept", "next", "decided"]
        assert store.health()["ok"]
        assert not lost.done
        assert store.lag() == 0

    store = opened()
    run(store, main)
    store.close()
    (store.home / "workbench.duckdb").rename(store.home / "old")
    assert run(opened(), lambda s: s.read(LINE_TEXTS)) == ["kept", "next", "decided"]


def test_acknowledged_facts_that_cannot_be_read_after_a_failed_write_end_the_writing(opened: Opener) -> None:
    async def main(store: Store) -> None:
        await store.append([LineAdded("kept")])
        (segment,) = (store.home / "log").glob("*.log")
        broken = threading.Event()

        def hook(name: str) -> None:
            if name == "log.before_sync":
                raise OSError(5, "Input/output error")
            if name == "log.before_mending":
                with segment.open("r+b") as file:
                    file.seek(HEADER_BYTES + 40)
                    file.write(b"\xff\xff")
                broken.set()

        listen(hook)
        with pytest.raises(Unavailable):
            await store.append([LineAdded("lost")])
        await asyncio.to_thread(broken.wait, 10)
        listen(None)
        with pytest.raises(Unavailable):
            await store.barrier()
        store.close()  # waits for the log
        assert "cannot be read back" in str(store.health()["reasons"])

    run(opened(), main)


def test_those_who_wait_for_less_lag_hear_that_the_log_has_failed(opened: Opener) -> None:
    async def main(store: Store) -> None:
        listen(failing("log.before_sync", "log.before_mending"))
        ticket = store.append([LineAdded(str(i)) for i in range(2 * LAG_LIMIT)])
        with pytest.raises(Unavailable):
            await store.lag_free()
        with pytest.raises(Unavailable):
            await ticket
        with pytest.raises(Unavailable):
            await store.append([LineAdded("x")])
        assert store.lag() == 0

    run(opened(), main)
    listen(None)


async def _await(ticket: Any) -> int:
    return await ticket


def test_an_error_of_any_kind_in_the_log_leaves_no_waiter_waiting(opened: Opener) -> None:
    async def main(store: Store) -> None:
        def hook(name: str) -> None:
            if name == "log.before_sync":
                raise ZeroDivisionError

        listen(hook)
        tickets = [store.append([LineAdded("x")]) for _ in range(3)]
        answers = await asyncio.gather(*map(_await, tickets), return_exceptions=True)
        assert [type(a) for a in answers] == [Unavailable] * 3

    run(opened(), main)


def test_apply_goes_on_when_the_database_can_be_written_again(opened: Opener) -> None:
    async def main(store: Store) -> None:
        def hook(name: str) -> None:
            if name == "apply.before_commit":
                raise duckdb.IOException("No space left on device")

        listen(hook)
        await store.append([LineAdded("a")])
        with pytest.raises(Unavailable, match="No space left"):
            await store.read(LINE_TEXTS)
        assert not store.health()["ok"]
        with pytest.raises(Unavailable, match="No space left"):
            await store.transact(lambda _: ([], None))
        listen(None)
        await store.append([LineAdded("b")])
        await store.barrier()
        assert await store.read(LINE_TEXTS) == ["a", "b"]
        assert store.health()["ok"]
        assert store.health()["unapplied"] == 0

    run(opened(), main)


def test_a_decision_that_is_durable_but_not_committed_is_applied_again(opened: Opener) -> None:
    async def main(store: Store) -> None:
        failed = threading.Event()

        def hook(name: str) -> None:
            if name == "apply.before_commit" and not failed.is_set():
                failed.set()
                raise duckdb.IOException("for once")

        listen(hook)
        assert await store.transact(lambda _: ([LineAdded("decided")], "answer")) == "answer"
        await store.append([LineAdded("next")])
        await store.barrier()
        assert await store.read(LINE_TEXTS) == ["decided", "next"]

    run(opened(), main)


def test_a_decision_whose_sync_fails_is_rolled_back_and_unknown(opened: Opener) -> None:
    async def main(store: Store) -> None:
        def hook(name: str) -> None:
            if name == "log.before_sync":
                raise OSError(28, "No space left on device")

        listen(hook)
        with pytest.raises(Unavailable) as raised:
            await store.transact(lambda _: ([LineAdded("x")], None))
        assert raised.value.data == {"outcome": "unknown"}
        listen(None)
        assert await store.read(LINE_TEXTS) == []

    run(opened(), main)


def test_a_reader_cannot_write(opened: Opener) -> None:
    async def main(store: Store) -> None:
        with pytest.raises(duckdb.Error, match="read-only"):
            await store.read(lambda c: c.execute("INSERT INTO lines VALUES ('x', 1)"))
        assert await store.read(LINE_TEXTS) == []

    run(opened(), main)


def test_a_failing_query_leaves_its_cursor_fit_for_the_next(opened: Opener) -> None:
    async def main(store: Store) -> None:
        for _ in range(8):
            with pytest.raises(duckdb.Error):
                await store.read(lambda c: c.execute("SELECT CAST('x' AS INTEGER) FROM range(3)").fetchall())
            assert await store.read(lambda c: c.execute("SELECT * FROM range(5000)").fetchone()) == (0,)

    run(opened(), main)


def test_a_store_is_held_by_one_owner(opened: Opener, home: Path) -> None:
    store = opened()
    store.announce("http://127.0.0.1:1", "key")
    assert (home / "owner.json").stat().st_mode & 0o777 == 0o600
    with pytest.raises(StoreHeld, match=r"held by process \d+, which answers at http://127.0.0.1:1") as raised:
        opened()
    assert raised.value.data["address"] == "http://127.0.0.1:1"
    store.close()
    assert not (home / "owner.json").exists()
    opened()


def test_two_homes_open_in_one_process(opened: Opener, tmp_path: Path) -> None:
    one, two = opened(tmp_path / "one"), opened(tmp_path / "two")
    one.append([LineAdded("1")]).result(10)
    two.append([LineAdded("2")]).result(10)
    assert run(one, lambda s: s.read(LINE_TEXTS)) == ["1"]
    assert run(two, lambda s: s.read(LINE_TEXTS)) == ["2"]


def test_a_closed_store_refuses(opened: Opener) -> None:
    async def main(store: Store) -> None:
        store.close()
        store.close()
        with pytest.raises(Unavailable):
            store.append([LineAdded("x")])
        with pytest.raises(Unavailable):
            await store.read(LINE_TEXTS)
        with pytest.raises(Unavailable):
            await store.transact(lambda _: ([], None))

    run(opened(), main)


def test_a_database_of_a_newer_schema_is_refused_and_left_alone(opened: Opener, home: Path) -> None:
    opened().close()
    with duckdb.connect(str(home / "workbench.duckdb")) as connection:
        connection.execute("UPDATE meta SET value = '9999' WHERE key = 'schema_version'")
    with pytest.raises(StoreTooNew, match="schema 9999; this workbench knows schemas up to 9001"):
        opened()
    with duckdb.connect(str(home / "workbench.duckdb")) as connection:
        assert connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchall() == [("9999",)]


class Future(Fact, tag=900777, frozen=True):
    """A fact that an older workbench does not know."""

    name: ClassVar[str] = "future"
    text: str


def add_futures(cursor: Any, facts: Any) -> None:
    for fact in facts:
        cursor.execute("INSERT INTO lines (text) VALUES (?)", [f"future {fact.text}"])


@pytest.mark.parametrize("tables", ["kept", "gone"])
def test_facts_of_an_unknown_kind_are_put_aside_and_applied_once_they_are_known(
    opened: Opener, home: Path, tables: str
) -> None:
    newer = registry(FactType(Future, add_futures))
    store = opened(facts=newer)
    store.append([Future("x"), LineAdded("a")]).result(10)
    store.append([Future("y")]).result(10)
    store.close()
    (home / "workbench.duckdb").unlink()

    older = opened()
    assert run(older, lambda s: s.read(LINE_TEXTS)) == ["a"]
    health = older.health()
    assert (health["ok"], health["writable"], health["unapplied"]) == (False, True, 2)
    assert "2 facts are of kinds that this workbench does not know (900777)" in health["reasons"][0]
    older.append([LineAdded("b")]).result(10)
    older.close()
    if tables == "gone":
        (home / "workbench.duckdb").unlink()

    again = opened(facts=newer)
    assert sorted(run(again, lambda s: s.read(LINE_TEXTS))) == ["a", "b", "future x", "future y"]
    assert again.health()["ok"]
    assert again.health()["unapplied"] == 0
    again.close()
    assert sorted(run(opened(facts=newer), lambda s: s.read(LINE_TEXTS))) == ["a", "b", "future x", "future y"]


def test_a_fact_that_is_known_now_but_not_taken_stays_aside_and_says_why(opened: Opener, home: Path) -> None:
    def refuse(_cursor: Any, _facts: Any) -> None:
        raise ValueError("no room for it")

    store = opened(facts=registry(FactType(Future, add_futures)))
    store.append([Future("x")]).result(10)
    store.close()
    (home / "workbench.duckdb").unlink()
    opened().close()
    again = opened(facts=registry(FactType(Future, refuse)))
    rows = run(again, lambda s: s.read(lambda c: c.execute("SELECT error FROM unapplied_facts").fetchall()))
    assert rows == [("no room for it",)]
    assert again.health()["reasons"] == ["1 facts could not be applied; they stand in unapplied_facts."]


def test_a_fact_of_a_former_version_is_upcast(opened: Opener, home: Path) -> None:
    class OldLine(Fact, tag=900200):
        name = "old line"
        words: list[str]

    store = opened(facts=registry(FactType(OldLine, lambda _c, _f: None)))
    store.append([OldLine(["a", "b"]), LineAdded("c")]).result(10)
    store.close()
    (home / "workbench.duckdb").rename(home / "old.duckdb")
    facts = registry()
    facts.upcast(OldLine, lambda old: LineAdded(" ".join(old.words)))
    assert run(opened(facts=facts), lambda s: s.read(LINE_TEXTS)) == ["a b", "c"]


def test_a_fact_whose_fields_do_not_fit_is_put_aside_at_replay(opened: Opener, home: Path) -> None:
    store = opened()
    store.append([LineAdded(7), LineAdded("fits")]).result(10)  # type: ignore[arg-type]
    store.close()
    (home / "workbench.duckdb").rename(home / "old.duckdb")
    again = opened()
    assert run(again, lambda s: s.read(LINE_TEXTS)) == ["fits"]
    assert again.health()["unapplied"] == 1


def test_a_database_that_cannot_be_opened_is_set_aside_and_rebuilt_from_the_log(opened: Opener, home: Path) -> None:
    store = opened()
    store.append([LineAdded("a")]).result(10)
    store.close()
    (home / "workbench.duckdb").write_bytes(b"not a database" * 1000)
    assert run(opened(), lambda s: s.read(LINE_TEXTS)) == ["a"]
    assert (home / "workbench.duckdb.unopenable-1").exists()


def test_a_database_that_another_program_has_open_stays_where_it_is(opened: Opener, home: Path) -> None:
    opened().close()
    path = str(home / "workbench.duckdb")
    code = f"import duckdb, sys; c = duckdb.connect({path!r}); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(StoreHeld, match="Another program has"):
            opened()
        other.communicate()
    assert opened().health()["ok"]
    assert not list(home.glob("*.unopenable*"))


def test_a_database_with_a_torn_block_is_set_aside(opened: Opener, home: Path) -> None:
    store = opened()
    store.append([LineAdded("a")]).result(10)
    store.close()
    raw = bytearray((home / "workbench.duckdb").read_bytes())
    for block in (4096, 8192):
        raw[block + 20] ^= 0xFF
    (home / "workbench.duckdb").write_bytes(raw)
    assert run(opened(), lambda s: s.read(LINE_TEXTS)) == ["a"]
    assert (home / "workbench.duckdb.unopenable-1").exists()


def test_the_schema_is_the_sum_of_the_migrations() -> None:
    with duckdb.connect() as connection:
        migrate(connection, load_migrations())
        migrate(connection, load_migrations())
        names = {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert {"meta", "runs", "checkpoints", "functions", "function_versions", "canvases", "api_keys"} <= names
