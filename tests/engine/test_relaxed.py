"""`durability: relaxed`: all checkpoints are late, so that no block waits for the disk; a crash may repeat effects."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest

from tests.engine.flows import flow, touch, transform
from tests.engine.house import House
from workbench.base.probe import listen
from workbench.engine import late_values
from workbench.engine.facts import FLAG_KEPT, StepDone

LINE = flow(
    [touch("g", door="d"), touch("a", "{{ 'x' * 100000 }}"), touch("b", 2), touch("c", 3), transform("z", "len(a)")],
    "start > g > a > b > c > z",
)


class HeldLog:
    """Holds the log's syncs from when it is made; let go of, they succeed or (once) fail."""

    def __init__(self) -> None:
        self._goes_on = threading.Event()
        self.held = threading.Event()
        self._fails = False
        listen(self._hook)

    def _hook(self, name: str) -> None:
        if name == "log.before_sync":
            self.held.set()
            assert self._goes_on.wait(20)
            if self._fails:
                self._fails = False
                raise OSError(5, "Input/output error")

    def let_go(self, *, fails: bool = False) -> None:
        self._fails = fails
        self._goes_on.set()


def test_no_effect_of_a_relaxed_run_waits_for_the_disk(house: House) -> None:
    row = house.submit(LINE, durability="relaxed")
    house.world.until(house.world.began, "g")
    log = HeldLog()
    house.do(house.world.open("d"))
    house.world.until(house.world.began, "c")
    assert log.held.wait(20)
    assert [c.block for c in house.world.calls] == ["g", "a", "b", "c"]
    assert house.engine.find(row.id) is not None  # its end is acknowledged when all of it lasts
    log.let_go()
    done = house.finish(row)
    assert (done.status, done.output) == ("completed", 100_000)


def test_an_effect_of_a_strict_run_waits_for_what_is_before_it(house: House) -> None:
    row = house.submit(LINE)
    house.world.until(house.world.began, "g")
    log = HeldLog()
    house.do(house.world.open("d"))
    assert log.held.wait(20)
    house.settle_turns()
    assert [c.block for c in house.world.calls] == ["g"]
    log.let_go()
    assert house.finish(row).status == "completed"


@pytest.mark.parametrize("durability", ["strict", "relaxed"])
def test_a_large_result_of_an_effect_is_stored_behind_the_run_where_it_is_relaxed(
    house: House, durability: str
) -> None:
    house.do(house.world.open("d"))
    row = house.submit(LINE, durability=durability)
    house.finish(row)
    said = [f for f in house.facts if isinstance(f, StepDone) and f.path == "a" and f.output is not None]
    kinds = [(f.output.kind, bool(f.flags & FLAG_KEPT)) for f in said if f.output is not None]
    assert kinds == ([("json", False)] if durability == "strict" else [("pending", False), ("json", True)])


def test_a_large_result_of_an_effect_does_not_wait_for_the_runs_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_values, "MOST_S", 3600.0)
    made = flow([touch("a", "{{ 'x' * 100000 }}"), touch("b", 2, door="d")], "start > a > b")
    row = house.submit(made, durability="relaxed")
    house.world.until(house.world.began, "b")
    house.until(lambda f: isinstance(f, StepDone) and f.path == "a" and bool(f.flags & FLAG_KEPT), "the stored value")
    house.do(house.world.open("d"))
    assert house.finish(row).status == "completed"


def test_a_crash_may_repeat_effects_that_were_done_with_the_same_keys(houses: Callable[..., House]) -> None:
    house = houses().start()
    row = house.submit(LINE, durability="relaxed")
    house.world.until(house.world.began, "g")
    log = HeldLog()
    house.do(house.world.open("d"))
    house.world.until(house.world.began, "c")
    assert log.held.wait(20)
    log.let_go(fails=True)  # nothing of it has lasted
    house.wait_gone(row)
    listen(None)
    again = house.crash().start()
    again.do(again.world.open("d"))
    done = again.finish(row)
    assert (done.status, done.output) == ("completed", 100_000)
    calls = Counter(c.block for c in again.world.calls)
    assert set(calls) == {"g", "a", "b", "c"}
    assert calls["b"] >= 2
    assert len({(c.path, c.key) for c in again.world.calls}) == 4
