"""The store as its callers see it: what goes in comes out, in order."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from tests.storage.conftest import Opener
from tests.storage.notes import (
    LINE_TEXTS,
    NOTE_TEXTS,
    LineAdded,
    NoteDropped,
    NoteWritten,
    note,
    run,
)
from workbench.base.probe import listen
from workbench.storage.apply import LAG_LIMIT
from workbench.storage.facts import Fact
from workbench.storage.store import Store


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
            if store.lag() > LAG_LIMIT:
                await store.lag_free()
                assert store.lag() <= LAG_LIMIT
        await store.barrier()
        assert store.lag() == 0

    run(opened(), main)


def test_a_copy_is_made_while_writers_never_rest(opened: Opener) -> None:
    async def main(store: Store) -> None:
        is_busy, is_over = threading.Event(), threading.Event()

        def hook(name: str) -> None:
            if name == "apply.after_commit" and not is_over.is_set():
                is_busy.set()
                for _ in range(2):  # once the second lasts, the first is there to be applied
                    store.append([LineAdded("more")]).result(10)

        listen(hook)
        store.append([LineAdded("first")])
        assert await asyncio.to_thread(is_busy.wait, 20)
        try:
            await asyncio.wait_for(store.upkeep.copy(), 20)
        finally:
            is_over.set()

    run(opened(), main)
