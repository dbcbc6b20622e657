"""Retries and forks of a house's runs, as the service makes them, and what is foretold of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.engine.house import WORKSPACE, House
from workbench.engine import again
from workbench.engine.calls import Calls
from workbench.engine.comparing import Compared, Version
from workbench.engine.foresight import Foresight, Plan, foresee, journal_past
from workbench.engine.forking import origin, runs_anew
from workbench.engine.journal_forks import find_run_row, last_seq, seq_of
from workbench.engine.programs import Programs
from workbench.engine.queue import Entry
from workbench.engine.records import ForkOf, RunRequest, RunRow
from workbench.flow.model import Flow


def stored_row(house: House, run_id: str) -> tuple[RunRow, str | None]:
    """A run as the engine would take it up."""
    found = house.do(house.store.read(lambda c: find_run_row(c, WORKSPACE, run_id)))
    assert found is not None
    return found


def retry(house: House, row: RunRow) -> RunRow:
    """Another attempt."""
    run, start = stored_row(house, row.id)
    entry = Entry(run, house.flows[run.function_id, run.version], house.breakpoints, start)
    entry.called = called_flows(house, run.pins)
    return house.do(again.retry(house.engine, entry))


def called_flows(house: House, pins: Mapping[str, int]) -> dict[tuple[str, int], Flow]:
    """The flows of the functions that a run with these pins calls."""
    keys = [(pin.partition("@")[0], version) for pin, version in pins.items()]
    return {key: house.flows[key] for key in keys}


def fork(
    house: House,
    row: RunRow,
    *,
    inputs: dict[str, Any] | None = None,
    flow: Flow | None = None,
    at: tuple[str, int] | None = None,
    up_to: int | None = None,
    first: str | None = None,
    effects: str | None = None,
    variables: dict[str, Any] | None = None,
    stands_at: dict[str, Any] | None = None,
    debug: bool = False,
    pins: Mapping[str, int] | None = None,
    **more: Any,
) -> RunRow:
    """A new run that goes on from `row`'s journal: of all of it, up to a checkpoint, or to a sequence.

    `pins` are those of the fork where it runs on other versions; `more` goes into what it was forked from.
    """
    run, start = stored_row(house, row.id)
    version = run.version
    if flow is not None:
        version += 1
        while (run.function_id, version) in house.flows:
            version += 1
        house.flows[run.function_id, version] = flow
    place = _fork_of(house, run, inputs, flow, at, up_to, first, effects, pins, more)
    called = run.pins if pins is None else pins
    request = RunRequest(
        WORKSPACE,
        run.function_id,
        "f",
        version,
        house.flows[run.function_id, version],
        run.inputs if inputs is None else inputs,
        debug=debug,
        breakpoints=house.breakpoints if debug else (),
        timeout_ms=run.timeout_ms,
        start_block=start,
        fork=ForkOf(run.id, place.up_to, place.origin, variables, stands_at),
        pins=called,
        called=called_flows(house, called),
    )
    return house.do(house.engine.submit(request))


def _fork_of(
    house: House,
    run: RunRow,
    inputs: dict[str, Any] | None,
    flow: Flow | None,
    at: tuple[str, int] | None,
    up_to: int | None,
    first: str | None,
    effects: str | None,
    pins: Mapping[str, int] | None,
    more: Mapping[str, Any],
) -> ForkOf:
    if at is not None:
        up_to = house.do(house.store.read(lambda c: seq_of(c, run.id, *at)))
    elif up_to is None:
        up_to = house.do(house.store.read(lambda c: last_seq(c, run.id)))
    assert up_to is not None
    changed = ["inputs"] * (inputs is not None) + ["version"] * (flow is not None or pins is not None)
    path = at[0] if at is not None else None
    told = origin(run.id, up_to, fromBlockId=first, effects=effects, path=path, changed=changed or None, **more)
    return ForkOf(run.id, up_to, told)


def foretold_retry(house: House, row: RunRow) -> Foresight:
    """What is told of another attempt."""
    return _foretold(house, row, None, Plan())


def foretold_fork(
    house: House,
    row: RunRow,
    *,
    inputs: dict[str, Any] | None = None,
    flow: Flow | None = None,
    at: tuple[str, int] | None = None,
    first: str | None = None,
    effects: str | None = None,
    pins: Mapping[str, int] | None = None,
) -> Foresight:
    """What is told of a fork."""
    run, _ = stored_row(house, row.id)
    place = _fork_of(house, run, inputs, flow, at, None, first, effects, pins, {})
    will = flow or house.flows[run.function_id, run.version]
    plan = Plan(True, runs_anew(will, first, house.blocks), place.up_to if at else None, effects == "repeat")
    return _foretold(house, row, place, plan, inputs, will, pins)


def _foretold(
    house: House,
    row: RunRow,
    place: ForkOf | None,
    plan: Plan,
    inputs: dict[str, Any] | None = None,
    flow: Flow | None = None,
    pins: Mapping[str, int] | None = None,
) -> Foresight:
    run, _ = stored_row(house, row.id)
    programs = Programs(house.blocks)
    was = house.flows[run.function_id, run.version]
    will = flow or was

    def version(made: Flow, number: int, pinned: Mapping[str, int]) -> Version:
        calls = Calls(pinned, called_flows(house, pinned), programs)
        return Version(programs.get((run.function_id, number), made), calls)

    before = version(was, run.version, run.pins)
    after = version(will, run.version if will is was else -1, run.pins if pins is None else pins)
    compared = Compared(before, after, other_inputs=inputs is not None and inputs != run.inputs)
    return house.do(
        house.store.read(
            lambda c: foresee(compared, journal_past(c, house.store.values, run.id, place, will, house.blocks), plan)
        )
    )
