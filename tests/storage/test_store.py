"""The store as its callers see it: two doors in, one door out."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.storage.conftest import Opener
from tests.storage.notes import (
    LINE_TEXTS,
    NOTE_TEXTS,
    LineAdded,
    NoteDropped,
    NoteWritten,
    Poison,
    note,
    registry,
    select,
)
from workbench.base.errors import Conflict, StoreHeld, StoreTooNew, Unavailable
from workbench.base.probe import listen
from workbench.storage.facts import Fact, FactType
from workbench.storage.migrations.runner import load_migrations, migrate
from workbench.storage.store import Store


def run(store: Store, main: Any) -> Any:
    """Run a coroutine function on a loop of its own, attached to the store."""

    async def attached() -> Any:
        store.attach_loop(asyncio.get_running_loop())
        return await main(store)

    return asyncio.run(attached())


def test_what_is_acknowledged_is_seen_by_the_next_read(opened: Opener) -> None:
    async def main(store: Store) -> None:
        for i in range(20):
            assert await store.append([LineAdded(str(i))], "w") == i + 1
            assert await store.read(LINE_TEXTS) == [str(n) for n in range(i + 1)]

    run(opened(), main)


def test_a_ticket_knows_its_sequence_once_it_is_durable(opened: Opener) -> None:
    async def main(store: Store) -> None:
        ticket = store.append([LineAdded("a"), LineAdded("b")])
        assert await ticket == 2
        assert ticket.done
        assert ticket.seq == 2
        assert await ticket == 2

    run(opened(), main)


def test_a_thread_waits_for_a_ticket(opened: Opener) -> None:
    store = opened()
    ticket = store.append([LineAdded("a")])
    assert ticket.result(10) == 1


def test_two_tasks_may_await_one_ticket_and_one_of_them_be_cancelled(opened: Opener) -> None:
    async def main(store: Store) -> None:
        reached, go = threading.Event(), threading.Event()

        def hook(name: str) -> None:
            if name == "log.before_sync":
                reached.set()
                go.wait(10)

        listen(hook)
        ticket = store.append([LineAdded("a")])
        tasks = [asyncio.ensure_future(wait(ticket)) for _ in range(2)]
        await asyncio.to_thread(reached.wait, 10)
        tasks[0].cancel()
        go.set()
        assert await tasks[1] == 1

    async def wait(ticket: Any) -> int:
        return await ticket

    run(opened(), main)


def test_facts_of_many_threads_keep_each_threads_order(opened: Opener) -> None:
    store = opened()

    def write(name: str) -> None:
        for i in range(200):
            store.append([LineAdded(f"{name}{i:04}")])

    threads = [threading.Thread(target=write, args=(n,)) for n in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    async def main(store: Store) -> None:
        await store.barrier()
        texts = await store.read(LINE_TEXTS)
        for name in "abcd":
            assert [t for t in texts if t[0] == name] == [f"{name}{i:04}" for i in range(200)]

    run(store, main)


def test_everything_is_there_after_closing_and_opening(opened: Opener) -> None:
    store = opened()
    store.append([note("kept")])
    for i in range(7000):
        store.append([LineAdded(str(i))])
    store.close()
    again = opened()
    assert run(again, lambda s: s.read(NOTE_TEXTS)) == ["kept"]
    assert len(run(again, lambda s: s.read(LINE_TEXTS))) == 7000
    assert again.append([LineAdded("x")]).result(10) == 7002


def test_an_append_larger_than_a_batch_is_applied_whole_and_in_order(opened: Opener) -> None:
    async def main(store: Store) -> None:
        texts = [str(i) for i in range(10_000)]
        store.append([LineAdded("first")])
        store.append([LineAdded(t) for t in texts])
        await store.append([LineAdded("last")])
        assert await store.read(LINE_TEXTS) == ["first", *texts, "last"]

    run(opened(), main)


def test_a_frame_larger_than_a_segment_gets_a_segment_of_its_own(opened: Opener) -> None:
    store = opened()
    big = "x" * 300_000
    store.append([LineAdded("a")]).result(10)
    store.append([LineAdded(big)]).result(10)
    store.append([LineAdded("b")]).result(10)
    store.close()
    assert run(opened(), lambda s: s.read(LINE_TEXTS)) == ["a", big, "b"]


def test_a_delete_keeps_its_place_among_writes_of_the_same_id(opened: Opener) -> None:
    async def main(store: Store) -> None:
        a, b = b"a" * 16, b"b" * 16
        await store.append(
            [NoteWritten(a, "1"), NoteWritten(b, "1"), NoteDropped(a), NoteDropped(b), NoteWritten(a, "2")]
        )
        assert await store.read(NOTE_TEXTS) == ["2"]

    run(opened(), main)


def test_a_fact_that_is_not_registered_is_refused_before_anything_is_written(opened: Opener) -> None:
    class Stranger(Fact, tag=900901):
        text: str

    store = opened()
    with pytest.raises(TypeError, match="Stranger: not registered"):
        store.append([Stranger("x")])
    assert store.append([LineAdded("a")]).result(10) == 1


def test_the_callers_list_may_change_after_append(opened: Opener) -> None:
    async def main(store: Store) -> None:
        facts: list[Fact] = [LineAdded("a")]
        ticket = store.append(facts)
        facts.clear()
        await ticket
        assert await store.read(LINE_TEXTS) == ["a"]

    run(opened(), main)


# --- decisions --------------------------------------------------------------------------------------------------------


def test_a_decision_sees_every_earlier_fact_and_its_own_come_next(opened: Opener) -> None:
    async def main(store: Store) -> None:
        def count(cursor: Any) -> Any:
            (n,) = cursor.execute("SELECT count(*) FROM lines").fetchone()
            return [LineAdded(f"decided after {n}")], n

        for i in range(30):
            store.append([LineAdded(str(i))])
            answers = await asyncio.gather(store.transact(count), store.transact(count))
            assert answers == [3 * i + 1, 3 * i + 2]
        texts = await store.read(LINE_TEXTS)
        assert [t for i, t in enumerate(texts) if i % 3] == [f"decided after {n}" for n in range(90) if n % 3]

    run(opened(), main)


def test_decisions_while_appends_flow_see_a_prefix_of_the_log(opened: Opener) -> None:
    async def main(store: Store) -> None:
        stop = threading.Event()

        def flow() -> None:
            i = 0
            while not stop.is_set():
                store.append([LineAdded(str(i))]).result(10)
                i += 1

        thread = threading.Thread(target=flow)
        thread.start()

        def decide(cursor: Any) -> Any:
            (n, top) = cursor.execute("SELECT count(*), coalesce(max(seq), 0) FROM lines").fetchone()
            return [LineAdded(f"after {top}")], (n, top)

        for _ in range(20):
            n, top = await store.transact(decide)
            assert n == top
        stop.set()
        await asyncio.to_thread(thread.join)
        await store.barrier()
        rows = await store.read(lambda c: c.execute("SELECT text, seq FROM lines WHERE text LIKE 'after %'").fetchall())
        assert len(rows) == 20
        assert all(text == f"after {seq - 1}" for text, seq in rows)

    run(opened(), main)


def test_of_two_decisions_on_one_version_one_is_refused(opened: Opener) -> None:
    async def main(store: Store) -> None:
        id_ = b"n" * 16
        await store.append([NoteWritten(id_, "0")])

        def bump(cursor: Any) -> Any:
            (text,) = cursor.execute("SELECT text FROM notes").fetchone()
            if text != "0":
                raise Conflict(f"It is at {text}.")
            return [NoteWritten(id_, "1")], "done"

        answers = await asyncio.gather(*(store.transact(bump) for _ in range(5)), return_exceptions=True)
        assert sorted(str(a) for a in answers) == ["It is at 1."] * 4 + ["done"]
        assert await store.read(NOTE_TEXTS) == ["1"]
        assert store.health()["durableSeq"] == 2

    run(opened(), main)


def test_what_a_decision_raises_reaches_its_caller_and_drops_only_its_facts(opened: Opener) -> None:
    async def main(store: Store) -> None:
        def bad_sql(cursor: Any) -> Any:
            return cursor.execute("SELECT CAST('x' AS INTEGER)").fetchall()

        def bad_fact(cursor: Any) -> Any:
            return [LineAdded("dropped"), Poison("no number")], None

        def bug(cursor: Any) -> Any:
            raise KeyError("bug")

        def good(cursor: Any) -> Any:
            return [LineAdded("good")], "good"

        answers = await asyncio.gather(
            *(store.transact(d) for d in (good, bad_sql, good, bad_fact, bug, good)), return_exceptions=True
        )
        assert [type(a) for a in answers] == [
            str, duckdb.ConversionException, str, duckdb.ConversionException, KeyError, str,
        ]  # fmt: skip
        assert await store.read(LINE_TEXTS) == ["good"] * 3
        assert store.health()["ok"]

    run(opened(), main)


def test_a_decision_without_facts_only_answers(opened: Opener) -> None:
    async def main(store: Store) -> None:
        assert await store.transact(lambda _: ([], 7)) == 7
        assert store.health()["durableSeq"] == 0

    run(opened(), main)


def test_reactions_join_the_group_and_see_what_came_before_their_fact(opened: Opener) -> None:
    facts = registry()

    def cascade(fact: NoteDropped, cursor: Any) -> list[Fact]:
        rows = cursor.execute("SELECT text FROM notes WHERE id = ?::BLOB::UUID", [fact.id]).fetchall()
        return [LineAdded(f"dropped {text}") for (text,) in rows]

    facts.react(NoteDropped, cascade)

    async def main(store: Store) -> None:
        a, b = b"a" * 16, b"b" * 16
        await store.transact(lambda _: ([NoteWritten(a, "A"), NoteWritten(b, "B"), NoteDropped(a), NoteDropped(b)], 0))
        assert await store.read(LINE_TEXTS) == ["dropped A", "dropped B"]
        assert await store.read(select("SELECT seq FROM lines ORDER BY seq")) == [4, 6]
        assert await store.read(NOTE_TEXTS) == []

    run(opened(facts=facts), main)


# --- news -------------------------------------------------------------------------------------------------------------


def test_news_come_in_order_with_sequence_and_workspace_after_they_are_durable(opened: Opener) -> None:
    async def main(store: Store) -> None:
        heard: list[tuple[int, str | None, Fact]] = []
        store.on_durable = heard.extend
        for i in range(50):
            store.append([LineAdded(str(i))], f"w{i}")
        await store.transact(lambda _: ([LineAdded("decided")], None), "me")
        await store.append([LineAdded("end")])
        assert [seq for seq, _, _ in heard] == list(range(1, 53))
        assert [w for _, w, _ in heard] == [*(f"w{i}" for i in range(50)), "me", None]
        assert heard[-1][2] == LineAdded("end")

    run(opened(), main)


def test_lag_is_bounded_for_those_who_ask(opened: Opener) -> None:
    async def main(store: Store) -> None:
        facts = [LineAdded("x")] * 256
        for _ in range(60):
            store.append(facts)
            if store.lag() > 2500:
                await store.lag_free()
                assert store.lag() <= 2500
        await store.barrier()
        assert store.lag() == 0

    run(opened(), main)


# --- what goes wrong --------------------------------------------------------------------------------------------------


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


def test_a_failing_sync_fails_all_waiters_and_the_store_goes_read_only(opened: Opener) -> None:
    async def main(store: Store) -> None:
        await store.append([LineAdded("kept")])

        def hook(name: str) -> None:
            if name == "log.before_sync":
                raise OSError(5, "Input/output error")

        listen(hook)
        tickets = [store.append([LineAdded("lost")]) for _ in range(3)]
        answers = await asyncio.gather(*map(_await, tickets), return_exceptions=True)
        assert all(isinstance(a, Unavailable) and a.data == {"outcome": "unknown"} for a in answers)
        listen(None)
        with pytest.raises(Unavailable, match="could not be written"):
            store.append([LineAdded("refused")])
        with pytest.raises(Unavailable):
            await store.transact(lambda _: ([], None))
        assert await store.read(LINE_TEXTS) == ["kept"]
        assert not store.health()["ok"]

    store = opened()
    run(store, main)
    store.close()
    assert run(opened(), lambda s: s.read(LINE_TEXTS)) == ["kept"]


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


def test_a_log_with_facts_of_an_unknown_kind_is_refused(opened: Opener, home: Path) -> None:
    class Future(Fact, tag=900777):
        name = "future"
        text: str

    store = opened(facts=registry(FactType(Future, lambda _c, _f: None)))
    store.append([Future("x")]).result(10)
    store.close()
    (home / "workbench.duckdb").rename(home / "old.duckdb")
    with pytest.raises(StoreTooNew, match="unknown kind 900777"):
        opened()
    again = opened(facts=registry(FactType(Future, lambda _c, _f: None)))
    assert again.health()["ok"]


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
