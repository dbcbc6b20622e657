"""The hub: a ring of raw facts a workspace, folded and converted only for those who listen."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest

from workbench.api.hub import EventsHub
from workbench.rest.events import EventType
from workbench.storage.facts import Fact


class RunMoved(Fact, tag=901):
    name: ClassVar[str] = "test.run_moved"
    run: str
    status: str


class BlockDone(Fact, tag=902):
    name: ClassVar[str] = "test.block_done"
    run: str
    block: str
    n: int


class Unseen(Fact, tag=903):
    name: ClassVar[str] = "test.unseen"


converted = []


def block_item(fact):
    converted.append(fact)
    return {"blockId": fact.block, "n": fact.n}


TYPES = (
    EventType(RunMoved, "run", lambda f: {"id": f.run, "status": f.status}, run_id=lambda f: f.run),
    EventType(
        BlockDone,
        "block",
        block_item,
        run_id=lambda f: f.run,
        item_key=lambda f: f.block,
        head=lambda f: {"runId": f.run},
    ),
)


@pytest.fixture
def hub():
    converted.clear()
    hub = EventsHub(kept=10)
    hub.add(*TYPES)
    hub.start(100)
    return hub


def publish(hub, *facts, workspace="w"):
    hub.publish([(seq, workspace, fact) for seq, fact in enumerate(facts, hub.seq + 1)])


def seen(messages):
    return [(m.event, m.data, m.id) for m in messages]


def test_nothing_is_converted_while_nobody_listens(hub):
    publish(hub, BlockDone("r", "b", 1))
    assert converted == []


def test_block_facts_of_a_run_are_one_message_with_the_last_state_of_each_block(hub):
    listener = hub.listen("w")
    publish(hub, *(BlockDone("r", f"b{n % 2}", n) for n in range(6)))
    items = [{"blockId": "b0", "n": 4}, {"blockId": "b1", "n": 5}]
    assert seen(listener.take()) == [("block", {"runId": "r", "items": items}, 106)]
    assert len(converted) == 2


def test_counts_since_the_runs_start_are_added_to_items(hub):
    hub.block_counts = lambda run_id, key: {"completed": f"{run_id}/{key}"}
    listener = hub.listen("w")
    publish(hub, BlockDone("r", "b", 1))
    assert listener.take()[0].data["items"] == [{"blockId": "b", "n": 1, "completed": "r/b"}]


def test_resuming_after_any_event_skips_no_block(hub):
    listener = hub.listen("w")
    publish(hub, BlockDone("r", "b", 1), RunMoved("r", "running"), BlockDone("r", "c", 1), RunMoved("r", "completed"))
    messages = listener.take()
    assert [(m.event, m.id) for m in messages] == [("block", None), ("run", 102), ("run", 104)]


def test_one_runs_listener_hears_of_that_run_only(hub):
    listener = hub.listen("w", run_id="r")
    publish(hub, RunMoved("other", "running"), BlockDone("other", "b", 1), RunMoved("r", "running"))
    assert seen(listener.take()) == [("run", {"id": "r", "status": "running"}, 103)]


def test_workspaces_do_not_hear_each_other(hub):
    listener = hub.listen("other")
    publish(hub, RunMoved("r", "running"))
    assert listener.take() == []


def test_facts_that_are_no_events_take_no_place(hub):
    listener = hub.listen("w")
    publish(hub, *[Unseen()] * 50, RunMoved("r", "running"))
    assert [m.event for m in listener.take()] == ["run"]


def test_a_listener_resumes_after_the_event_it_saw_last(hub):
    publish(hub, *(RunMoved("r", str(n)) for n in range(5)))
    assert [m.data["status"] for m in hub.listen("w", 102).take()] == ["2", "3", "4"]
    assert [m.data["status"] for m in hub.listen("w", 100).take()] == ["0", "1", "2", "3", "4"]
    assert hub.listen("w", 105).take() == []


@pytest.mark.parametrize("last_id", [99, 0, -1, 1000])
def test_an_id_from_before_the_start_or_from_another_store_gets_a_reset(hub, last_id):
    publish(hub, RunMoved("r", "running"))
    listener = hub.listen("w", last_id)
    assert [(m.event, m.id) for m in listener.take()] == [("reset", 101)]
    publish(hub, RunMoved("r", "completed"))
    assert [m.event for m in listener.take()] == ["run"]


def test_an_id_that_the_ring_has_gone_past_gets_a_reset(hub):
    publish(hub, *(RunMoved("r", str(n)) for n in range(15)))
    assert [m.event for m in hub.listen("w", 103).take()] == ["reset"]
    assert len(hub.listen("w", 105).take()) == 10


def test_a_slow_listener_is_reset_when_the_ring_has_gone_past_it(hub):
    listener = hub.listen("w")
    publish(hub, *(RunMoved("r", str(n)) for n in range(11)))
    assert [(m.event, m.id) for m in listener.take()] == [("reset", 111)]
    assert listener.take() == []


def test_a_converter_that_raises_costs_only_its_event(hub, capsys):
    hub.add(EventType(Unseen, "unseen", lambda _: 1 / 0))
    listener = hub.listen("w")
    publish(hub, Unseen(), RunMoved("r", "running"))
    assert [m.event for m in listener.take()] == ["run"]
    assert "events.convert_failed" in "".join(capsys.readouterr())


def test_waiting_ends_at_news_at_the_end_and_at_the_timeout(hub):
    async def news():
        publish(hub, RunMoved("r", "running"))

    async def end():
        hub.close()

    async def go():
        listener = hub.listen("w")
        assert not await listener.wait(0.01)
        assert await asyncio.gather(listener.wait(10), news()) == [True, None]
        listener.take()
        assert await asyncio.gather(listener.wait(10), end()) == [True, None]

    asyncio.run(go())


def test_a_fact_may_be_made_slim_before_it_is_kept(hub):
    hub.add(EventType(Unseen, "slim", lambda f: {"id": f.run}, slim=lambda _: RunMoved("r", "")))
    listener = hub.listen("w")
    publish(hub, Unseen())
    assert [m.data for m in listener.take()] == [{"id": "r"}]


def test_a_closed_listener_is_forgotten(hub):
    listener = hub.listen("w")
    listener.close()
    assert hub._rings["w"].listeners == set()


def test_a_fault_while_facts_are_told_is_seen_and_listeners_read_anew(hub, monkeypatch):
    async def story():
        listener = hub.listen("w")
        monkeypatch.setattr(hub, "_types", None)
        hub.publish([(101, "w", RunMoved("r", "running"))])
        failed = hub.failure, hub.restarts
        monkeypatch.undo()
        assert await listener.wait(1)
        told = listener.take()
        hub.publish([(102, "w", RunMoved("r", "completed"))])
        return failed, [m.event for m in told], hub.failure, [m.data["status"] for m in listener.take()]

    failed, told, then, later = asyncio.run(story())
    assert failed[0] is not None
    assert failed[1] == 1
    assert told == ["reset"]
    assert then is None
    assert later == ["completed"]
