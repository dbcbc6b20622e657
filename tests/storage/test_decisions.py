"""`transact`: decisions see every earlier fact, and their facts come next."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import duckdb

from tests.storage.conftest import Opener
from tests.storage.notes import (
    LINE_TEXTS,
    NOTE_TEXTS,
    LineAdded,
    NoteDropped,
    NoteWritten,
    Poison,
    registry,
    run,
    select,
)
from workbench.base.errors import Conflict
from workbench.storage.facts import Fact
from workbench.storage.store import Store


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


def test_facts_in_a_row_set_off_their_reactions_at_once_and_before_those_stand(opened: Opener) -> None:
    facts = registry()
    handed: list[int] = []

    def cascade(dropped: list[NoteDropped], cursor: Any) -> list[Fact]:
        handed.append(len(dropped))
        ids = [fact.id for fact in dropped]
        rows = cursor.execute("SELECT text FROM notes WHERE list_contains(?::BLOB[]::UUID[], id) ORDER BY text", [ids])
        return [LineAdded(f"dropped {text}") for (text,) in rows.fetchall()]

    facts.react_together(NoteDropped, cascade)

    async def main(store: Store) -> None:
        a, b, c = b"a" * 16, b"b" * 16, b"c" * 16
        written = [NoteWritten(a, "A"), NoteWritten(b, "B"), NoteWritten(c, "C")]
        await store.transact(lambda _: ([*written, NoteDropped(a), NoteDropped(b), LineAdded("x"), NoteDropped(c)], 0))
        assert handed == [2, 1]
        assert await store.read(LINE_TEXTS) == ["dropped A", "dropped B", "x", "dropped C"]
        assert await store.read(select("SELECT seq FROM lines ORDER BY seq")) == [6, 7, 8, 10]
        assert await store.read(NOTE_TEXTS) == []

    run(opened(facts=facts), main)
