"""`wait`: what it asks for, what it answers, and what its config may say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tests.blocks.context import REGISTRY, START_US, issues, run, run_in
from workbench.base.errors import BlockFailed
from workbench.blocks.context import Wait, Woken

DAY_MS = 24 * 3600 * 1000


def signalled(*payloads: Any) -> Any:
    """Wakes a wait by the first of these payloads that it accepts."""

    def waking(wait: Wait) -> Woken:
        for payload in payloads:
            event: Mapping[str, Any] = {"type": wait.event_type, "payload": payload, "id": "1", "at": START_US}
            if wait.accepts is None or wait.accepts(event):
                return Woken("signal", 2500, payload, "ann")
        return Woken("time", wait.due_us - START_US)

    return waking


def test_a_timer_waits_its_time_from_the_attempts_start():
    fired, ctx = asyncio.run(run_in("wait", {"waitType": "timer", "timerMs": "{{ input * 2 }}"}, input=250))
    assert (fired.port, fired.output) == ("out", {"waitedMs": 500, "payload": None})
    assert ctx.waited_until == [START_US + 500_000]


def test_an_event_answers_its_payload_and_how_long_it_took():
    fired = run("wait", {"waitType": "event", "eventType": "paid"}, waking=signalled({"n": 1}))
    assert (fired.port, fired.output) == ("out", {"waitedMs": 2.5, "payload": {"n": 1}})


def test_a_filter_sees_the_payload_the_event_and_the_blocks_before():
    config = {"waitType": "event", "eventType": "paid", "eventFilter": "payload.n > low and event.type == 'paid'"}
    fired = run("wait", config, seen={"low": 2}, waking=signalled({"n": 1}, {"n": 3}))
    assert fired.output["payload"] == {"n": 3}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"waitType": "event", "eventType": "paid"}, "No paid came within 1 min."),
        ({"waitType": "condition", "expression": "false", "timeoutMs": 5000}, "The condition did not become true"),
        ({"waitType": "approval"}, "Nobody decided within 1 day."),
    ],
)
def test_too_late_it_fires_timeout_where_that_is_wired_and_else_fails(config: dict[str, Any], message: str):
    with pytest.raises(BlockFailed, match=message) as failure:
        run("wait", config)
    assert failure.value.kind == "TIMEOUT"
    fired = run("wait", config, wired=("out", "timeout"))
    assert fired.port == "timeout"
    assert fired.output["payload"] is None


def test_a_condition_sees_the_time_of_each_look_and_how_long_it_waits():
    asked: list[bool] = []

    def waking(wait: Wait) -> Woken:
        assert wait.holds is not None
        asked.extend(wait.holds(START_US + after, after) for after in (0, 1_000_000, 2_000_000))
        return Woken("condition", 2_000_000)

    config = {"waitType": "condition", "expression": "waitedMs >= 2000 and now.year == 2023", "pollMs": 250}
    assert run("wait", config, waking=waking).output == {"waitedMs": 2000, "payload": None}
    assert asked == [False, False, True]


def test_an_approval_answers_who_decided_what_and_why():
    said = {"decision": "reject", "comment": "too dear"}
    fired = run("wait", {"waitType": "approval", "message": "{{ input }} euro?"}, input=5, waking=signalled(said))
    assert fired.output == {"waitedMs": 2.5, "payload": said, "decision": "reject", "comment": "too dear", "by": "ann"}
    elsewhere, here = {"decision": "approve", "path": "other"}, {"decision": "approve", "path": "the_block", "by": "bo"}
    fired = run("wait", {"waitType": "approval"}, waking=signalled(elsewhere, here))
    assert fired.output["by"] == "bo"


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({}, "waitType is needed"),
        ({"waitType": "timer"}, "timerMs is needed when waitType is timer"),
        ({"waitType": "event"}, "eventType is needed when waitType is event"),
        ({"waitType": "condition"}, "expression is needed when waitType is condition"),
        (
            {"waitType": "event", "eventType": "x", "timeoutMs": DAY_MS + 1},
            f"timeoutMs must be at most {DAY_MS} (24 h) when waitType is event",
        ),
        (
            {"waitType": "event", "eventType": "x", "timeoutMs": 4999},
            "timeoutMs must be greater than or equal to 5000, not 4999",
        ),
        ({"waitType": "timer", "timerMs": -1}, "timerMs must be greater than or equal to 0, not -1"),
    ],
)
def test_what_a_config_lacks_is_said_before_a_run(config: dict[str, Any], problem: str):
    assert issues("wait", config) == [problem]


def test_what_turns_out_wrong_at_run_time_names_the_field():
    with pytest.raises(BlockFailed, match="`eventType` of this wait block"):
        run("wait", {"waitType": "event", "eventType": "{{ input }}"}, input=None)


def test_cards_and_names():
    assert REGISTRY.describe("wait", {"waitType": "timer", "timerMs": 90_000}) == "1.5 min"
    event = {"waitType": "event", "eventType": "order.paid", "eventFilter": "payload.total > 5"}
    assert REGISTRY.describe("wait", event) == "until order.paid where payload.total > 5"
    assert REGISTRY.describe("wait", {"waitType": "approval", "title": "Send it?"}) == "Send it?"
    assert REGISTRY.describe("wait", {"waitType": "condition", "expression": "now.hour > 8"}) == "until now.hour > 8"
    shape = REGISTRY.shape("wait", event)
    assert shape is not None
    assert shape.own_names == ("payload", "event")
    assert [p.name for p in shape.outputs] == ["out", "timeout"]
