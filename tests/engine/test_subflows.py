"""Functions called inside a run: their own names and variables, one journal, one debugger, one run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from tests.engine.flows import block, flow, times, touch, transform
from tests.engine.house import House
from workbench.base.probe import listen
from workbench.engine.calls import pin_key
from workbench.engine.records import Breakpoint, RunRow
from workbench.flow.model import Flow

INNER = str(UUID(int=7))
OTHER = str(UUID(int=8))
VERSIONS = count(10)
"""A version never changes, so each test makes one of its own."""


def call(id: str = "c", function: str = INNER, **config: Any) -> Any:
    """A block that calls a function."""
    return block("subflow", id, functionId=function, **config)


def submit(
    house: House, made: Flow, called: dict[str, Flow], inputs: dict[str, Any] | None = None, **more: Any
) -> RunRow:
    """A run that may call these functions."""
    version = next(VERSIONS)
    flows = {(function, version): inner for function, inner in called.items()}
    house.flows.update(flows)
    pins = dict.fromkeys(called, version)
    return house.submit(made, inputs, pins=pins, called=flows, **more)


def run(house: House, made: Flow, called: dict[str, Flow], inputs: dict[str, Any] | None = None, **more: Any) -> RunRow:
    """The same to its end."""
    return house.finish(submit(house, made, called, inputs, **more))


DOUBLE = flow([transform("d", "start.n * 2")], "start > d")


def test_a_call_gives_the_functions_result_at_paths_of_one_run(house: House) -> None:
    made = flow([call(inputs={"n": "{{ start.x + 1 }}"}), transform("a", "[c, start.x]")], "start > c > a")
    row = run(house, made, {INNER: DOUBLE}, {"x": 4})
    assert row.output == [10, 4]
    assert house.checkpoints(row) == dict.fromkeys(("start", "c", "c[0]/start", "c[0]/d", "a"), "completed")
    inside = house.do(house.store.read(lambda c: c.execute(
        "SELECT path, function_id::VARCHAR FROM checkpoints WHERE run_id = ?::UUID ORDER BY seq", [row.id]
    ).fetchall()))  # fmt: skip
    assert {path: function for path, function in inside if function} == {"c[0]/start": INNER, "c[0]/d": INNER}


def test_names_inside_are_those_of_the_called_function(house: House) -> None:
    outer = flow(
        [times("l", 2), transform("mine", "item"), call(), transform("a", "c")], "start > l", "l.body > mine > c > a"
    )
    for code in ("mine", "item", "vars.limit"):
        row = run(
            house,
            outer.model_copy(update={"variables": {"limit": 5}}),
            {INNER: flow([transform("d", code)], "start > d")},
        )
        assert row.status == "failed"
        assert (row.error["path"], row.error["functionId"]) == ("l[0]/c[0]/d", INNER)
    inner = flow([transform("d", "[input, run.inputs, vars.own, run.functionId]")], "start > d", own=1)
    row = run(house, flow([call(inputs={"n": 1}), transform("a", "c")], "start > c > a"), {INNER: inner})
    assert row.output == [{"n": 1}, {"n": 1}, 1, INNER]


def test_variables_are_isolated_unless_they_are_inherited(house: House) -> None:
    inner = flow(
        [
            block("set_variables", "s", values={"n": 100}),
            transform("d", "[default(vars.outer, 'none'), vars.n, vars.both]"),
        ],
        "start > s > d",
        both="inner",
    )
    for inherits, expected in ((False, "none"), (True, 7)):
        made = flow(
            [
                block("set_variables", "v", values={"outer": 7}),
                call(inheritContext=inherits),
                transform("a", "[c, vars.n, vars.both]"),
            ],
            "start > v > c > a",
            n=1,
            both="outer",
        )
        assert run(house, made, {INNER: inner}).output == [[expected, 100, "inner"], 1, "outer"]


def test_return_inside_ends_the_called_function_only(house: House) -> None:
    inner = flow(
        [times("l", 5), block("return", "r", value="{{ item }}"), transform("z", "1")], "start > l > z", "l.body > r"
    )
    made = flow([times("o", 2), call(), transform("a", "[c, 'after']")], "start > o", "o.body > c > a")
    row = run(house, made, {INNER: inner})
    assert row.output["results"] == [[0, "after"], [0, "after"]]
    assert "o[0]/c[0]/z" not in house.checkpoints(row)


def test_a_failure_inside_fails_the_call_which_may_flow_on(house: House) -> None:
    inner = flow([transform("bad", "1 / 0")], "start > bad")
    row = run(house, flow([call()], "start > c"), {INNER: inner})
    assert (row.status, row.error["path"], row.error["blockName"]) == ("failed", "c[0]/bad", "bad")
    made = flow([call(), transform("h", "error.path")], "start > c", "c.error > h")
    assert run(house, made, {INNER: inner}).output == "c[0]/bad"


def test_inputs_are_checked_against_the_called_functions_start(house: House) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}, "m": {"default": 3}}, "required": ["n"]}
    inner = flow([block("start", "start", inputSchema=schema), transform("d", "start.n + start.m")], "start > d")
    made = flow([call(inputs="{{ start }}"), transform("a", "c")], "start > c > a")
    assert run(house, made, {INNER: inner}, {"n": 1}).output == 4
    row = run(house, made, {INNER: inner}, {"n": "one"})
    assert (row.status, row.error["path"]) == ("failed", "c[0]/start")


def test_calls_nest_and_share_one_program(house: House) -> None:
    middle = flow([call("e", OTHER, inputs={"n": "{{ start.n + 1 }}"}), transform("m", "e + 1")], "start > e > m")
    made = flow(
        [times("l", 50, concurrency=8), call(inputs={"n": "{{ item }}"}), transform("a", "c")],
        "start > l",
        "l.body > c > a",
    )
    row = run(house, made, {INNER: middle, OTHER: DOUBLE})
    assert row.output["results"] == [(i + 1) * 2 + 1 for i in range(50)]
    assert house.checkpoints(row)["l[7]/c[0]/e[0]/d"] == "completed"


def test_the_pinned_version_is_walked_also_beside_a_fixed_one(house: House) -> None:
    tripled = flow([transform("d", "start.n * 3")], "start > d")
    house.flows[INNER, 1], house.flows[INNER, 2] = DOUBLE, tripled
    blocks = [call("c", inputs={"n": 1}), call("d", functionVersion=1, inputs={"n": 1}), transform("a", "[c, d]")]
    row = house.submit(
        flow(blocks, "start > c > d > a"),
        pins={INNER: 2, f"{INNER}@1": 1},
        called={(INNER, 1): DOUBLE, (INNER, 2): tripled},
    )
    assert house.finish(row).output == [3, 2]
    kind = house.blocks.get("subflow")
    assert pin_key(kind.calls({"functionId": INNER.upper(), "functionVersion": 3})) == f"{INNER}@3"  # type: ignore[arg-type]


def test_its_time_limit_cuts_the_function_off(house: House) -> None:
    inner = flow([block("delay", "w", delayMs=60_000)], "start > w")
    row = submit(house, flow([call(timeoutMs=5000)], "start > c"), {INNER: inner})
    house.until_status(row, "waiting")
    house.move(5.1)
    done = house.finish(row)
    assert (done.status, done.error["type"], done.error["path"]) == ("failed", "TIMEOUT", "c")


def test_its_time_limit_and_a_wait_inside_survive_a_crash(houses: Callable[..., House]) -> None:
    house = houses().start()
    inner = flow(
        [block("wait", "w", waitType="event", eventType="go", timeoutMs=60_000), transform("d", "w.payload")],
        "start > w > d",
    )
    made = flow([call(timeoutMs=30_000), transform("a", "c")], "start > c > a")
    row, late = submit(house, made, {INNER: inner}), submit(house, made, {INNER: inner})
    house.until_status(row, "waiting")
    house.until_status(late, "waiting")
    house.clock.now += 20_000_000
    house = house.crash().start()
    house.settle()
    assert house.signal(row, "go", "on")
    assert house.finish(row).output == "on"
    house.move(11)
    assert house.finish(late).error["type"] == "TIMEOUT"  # type: ignore[index]


def test_cancel_reaches_inside(house: House) -> None:
    row = submit(
        house, flow([call(timeoutMs=None)], "start > c"), {INNER: flow([touch("t", door="never")], "start > t")}
    )
    house.world.until(house.world.began, "t")
    house.do(house.engine.cancel(row.id, None))
    assert house.finish(row).status == "cancelled"
    assert house.world.broken_off["t"] == 1
    assert house.checkpoints(row)["c[0]/t"] == "unknown"


@pytest.mark.parametrize("point", ["engine.before_effect", "engine.after_effect"])
@pytest.mark.parametrize("at", [1, 3, 5])
def test_a_crash_inside_a_call_inside_a_loop_inside_a_retry(houses: Callable[..., House], point: str, at: int) -> None:
    house = houses().start()
    inner = flow([touch("t", "{{ start.n }}"), transform("d", "t + 1")], "start > t > d")
    blocks = [
        block("retry", "r", maxAttempts=2, initialDelayMs=100, jitter=False),
        times("l", 3),
        call(inputs={"n": "{{ item }}"}),
        transform("x", "c"),
        touch("end", "{{ l.results }}"),
        transform("a", "r.result"),
    ]
    made = flow(blocks, "start > r > a", "r.body > l > end", "l.body > c > x")
    left = at

    def hook(name: str) -> None:
        nonlocal left
        if name == point and threading.current_thread().name == "house":
            left -= 1
            if left == 0:
                house.store.close()

    listen(hook)
    row = submit(house, made, {INNER: inner})
    if at <= 4:
        house.wait_gone(row)
    listen(None)
    again = house.crash().start()
    again.finish(row)
    done = again.row(row.id)
    assert (done.status, done.output) == ("completed", [1, 2, 3])
    assert len({(c.path, c.key) for c in again.world.calls}) == 4
    assert len(again.world.calls) <= 5


def test_an_effect_that_is_tried_again_in_a_called_function_keeps_its_key_over_retries(house: House) -> None:
    house.world.failures["t"] = [KeyError("cut")]
    inner = flow([block("again", "g"), touch("t")], "start > g", "g.body > t")
    row = run(house, flow([call()], "start > c"), {INNER: inner})
    assert row.status == "completed"
    assert [c.path for c in house.world.calls] == ["c[0]/g[0]/t", "c[0]/g[1]/t"]
    assert len({c.key for c in house.world.calls}) == 1  # what had happened was not known


def test_the_debugger_steps_into_a_call_and_out_of_it(house: House) -> None:
    made = flow([call(inputs={"n": 3}), transform("a", "c")], "start > c > a")
    row = submit(house, made, {INNER: DOUBLE}, debug=True)

    def state() -> dict[str, Any]:
        return house.call(lambda: house.debugger.state(house.engine.debugged(row.id)))

    def go(mode: Any) -> dict[str, Any]:
        return house.do(house.debugger.go(row.id, mode, None, 20))

    house.until_status(row, "paused")
    assert state()["path"] == "start"
    assert go("over")["path"] == "c"
    inside = go("into")
    assert (inside["path"], inside["blockName"]) == ("c[0]/start", "start")
    inside = go("over")
    assert inside["path"] == "c[0]/d"
    assert [(f["path"], f["kind"], f["functionId"] == INNER) for f in inside["callStack"]] == [
        ("c[0]/d", "transform", True),
        ("c", "subflow", False),
    ]
    assert inside["blockOutputs"] == {"start": {"n": 3}}
    assert house.call(lambda: house.debugger.evaluate(row.id, "start.n + 1")) == 4
    assert go("out")["path"] == "a"
    assert go("run")["status"] in ("completed", "running")
    assert house.finish(row).output == 6


def test_breakpoints_of_the_called_function_stop_inside(house: House) -> None:
    made = flow([transform("d", "1"), call(inputs={"n": 3}), transform("a", "c")], "start > d > c > a")
    points = (Breakpoint("d", function_id=INNER),)
    row = submit(house, made, {INNER: DOUBLE}, debug=True, breakpoints=points)
    house.until_status(row, "paused")
    state = house.call(lambda: house.debugger.state(house.engine.debugged(row.id)))
    assert state["path"] == "c[0]/d"
    assert [(b["blockId"], b["functionId"]) for b in state["breakpoints"]] == [("d", INNER)]
    house.call(lambda: house.engine.set_breakpoints(INNER, ()))
    house.do(house.debugger.go(row.id, "run", None, 20))
    assert house.finish(row).output == 6


def test_a_call_of_nothing_pinned_fails_its_block(house: House) -> None:
    row = house.run(flow([call()], "start > c"))
    assert (row.status, row.error["type"], row.error["path"]) == ("failed", "CONFIG", "c")


def test_a_called_function_that_is_gone_after_a_restart_ends_the_run(houses: Callable[..., House]) -> None:
    house = houses().start()
    inner = flow([block("delay", "w", delayMs=60_000)], "start > w")
    row = submit(house, flow([call()], "start > c"), {INNER: inner})
    house.until_status(row, "waiting")
    house.flows = {key: made for key, made in house.flows.items() if key[0] != INNER}
    again = house.crash().start()
    done = again.finish(row)
    assert (done.status, done.error["type"]) == ("failed", "FUNCTION_GONE")
    assert "called function" in done.error["message"]
