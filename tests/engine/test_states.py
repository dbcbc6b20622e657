"""The table of moves: no sequence of moves leaves an end, and every live state has a way to one."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from tests.engine.flows import flow, touch
from tests.engine.house import House
from workbench.engine.records import Outcome, RunRow
from workbench.engine.states import (
    LIVE,
    MOVES,
    STEP_ENDS,
    STEP_MOVES,
    TERMINAL,
    Actor,
    RunStatus,
    StepStatus,
    may_move,
    may_step,
)
from workbench.engine.step import Step

statuses = st.sampled_from(list(RunStatus))
actors = st.sampled_from(get_args(Actor))


@given(st.lists(st.tuples(statuses, actors), max_size=40))
def test_moves_by_the_table_end_each_attempt_at_most_once(wishes: list[tuple[RunStatus, Actor]]) -> None:
    at, ends, attempts = RunStatus.QUEUED, 0, 1
    for to, actor in wishes:
        if may_move(at, to, actor):
            assert to != at
            if at in TERMINAL:
                assert (at is not RunStatus.COMPLETED, to, actor) == (True, RunStatus.QUEUED, "user")
                attempts += 1
            at = to
            ends += at in TERMINAL
    assert ends <= attempts


@given(statuses, statuses, actors)
def test_only_another_attempt_leaves_an_end_and_a_cancel_is_final(
    before: RunStatus, after: RunStatus, actor: Actor
) -> None:
    if before in TERMINAL and may_move(before, after, actor):
        assert (after, actor) == (RunStatus.QUEUED, "user")
        assert before is not RunStatus.COMPLETED
    if before is RunStatus.CANCELLING and may_move(before, after, actor):
        assert after is RunStatus.CANCELLED
    if actor == "user" and before not in TERMINAL and may_move(before, after, actor):
        assert after in (RunStatus.CANCELLING, RunStatus.CANCELLED)


def test_every_live_state_leads_to_an_end_and_can_be_recovered() -> None:
    for status in LIVE:
        reached, edge = {status}, {status}
        while edge:
            edge = {to for at in edge for to in MOVES[at]} - reached
            reached |= edge
        assert reached & TERMINAL, status
        if status not in (RunStatus.PENDING, RunStatus.QUEUED, RunStatus.CANCELLING):
            assert may_move(status, RunStatus.QUEUED, "recovery")
            assert may_move(status, RunStatus.CANCELLING, "user")
            assert may_move(status, RunStatus.TIMED_OUT, "clock")
            assert may_move(status, RunStatus.DEAD_LETTER, "recovery")


def test_a_move_that_is_not_in_the_table_is_refused_and_changes_nothing(house: House) -> None:
    row = RunRow("", "", "", "", 1, RunStatus.COMPLETED, {}, {}, 0, False, "strict", None, None, 0)
    assert not house.engine.move(row, RunStatus.RUNNING, "dispatcher")
    assert row.status is RunStatus.COMPLETED


def test_an_end_that_the_table_does_not_know_is_refused_and_makes_health_red(houses: Callable[..., House]) -> None:
    house = houses().start()
    row = house.submit(flow([touch("t", 1, door="d")], "start > t"))
    house.world.until(house.world.began, "t")
    live = house.engine.live[row.id]
    house.do(house.engine.lives.ends.end(live.row, live.pen, RunStatus.DEAD_LETTER, None, None, "walk"))
    assert house.row(row.id).finished_at is None
    assert f"{row.id} could not end dead_letter" in house.call(house.engine.health)["reasons"][0]


def test_a_slot_that_would_move_a_run_against_the_table_is_refused_and_makes_health_red(
    houses: Callable[..., House],
) -> None:
    house = houses().start()
    row = house.submit(flow([touch("t", 1, door="d")], "start > t"))
    house.world.until(house.world.began, "t")
    live = house.engine.live[row.id]

    def rest_twice() -> None:
        live.slot.rest()
        live.slot.held = True
        house.engine.slots.take(row.workspace_id)
        live.slot.rest()

    house.call(rest_twice)
    assert live.row.status is RunStatus.WAITING
    assert f"{row.id} could not be waiting: it was waiting" in house.call(house.engine.health)["reasons"][0]
    house.do(live.slot.work())
    house.do(house.world.open("d"))
    assert house.finish(row).status == "completed"


@given(st.lists(st.sampled_from(list(StepStatus)), max_size=40))
def test_an_attempt_ends_at_most_once_whatever_is_asked_of_it(wishes: list[StepStatus]) -> None:
    at: StepStatus | None = None
    ends = 0
    for to in wishes:
        if may_step(at, to):
            assert at not in STEP_ENDS
            at = to
            ends += at in STEP_ENDS
    assert ends <= 1


def test_every_block_state_has_its_row_and_leads_to_an_end() -> None:
    assert set(STEP_MOVES) == {None, *StepStatus}
    for status, following in STEP_MOVES.items():
        assert status in STEP_ENDS or following & STEP_ENDS


def test_a_late_answer_of_an_attempt_that_is_over_is_refused_and_writes_nothing(house: House) -> None:
    row = house.submit(flow([touch("t", door="d")], "start > t"))
    house.world.until(house.world.began, "t")

    def answer_twice() -> list[bool]:
        live = house.engine.live[row.id]
        region = live.walk.frame.root
        node = next(n for n in region.plan.nodes if n.id == "t")
        step = Step(live.walk, region, node, "late", 1, 0)
        outcome = Outcome(StepStatus.COMPLETED, "out", 1, b"", path="late")
        written: list[bool] = []
        for status in (StepStatus.CANCELLED, StepStatus.COMPLETED):
            if status is StepStatus.CANCELLED:
                live.pen.started(step)
                live.pen.cut_off(step)
            else:
                live.pen.done(step, outcome)
            written.append(step.status is status)
        return written

    assert house.call(answer_twice) == [True, False]
    house.do(house.world.open("d"))
    row = house.finish(row)
    assert house.checkpoints(row)["late"] == "cancelled"
