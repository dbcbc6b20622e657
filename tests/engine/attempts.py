"""Retries and forks of a house's runs, as the service makes them."""

from __future__ import annotations

from typing import Any

from tests.engine.house import WORKSPACE, House
from workbench.engine import again
from workbench.engine.forking import origin
from workbench.engine.journal_forks import find_run_row, last_seq, seq_of
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
    return house.do(again.retry(house.engine, entry))


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
) -> RunRow:
    """A new run that goes on from `row`'s journal: of all of it, up to a checkpoint, or to a sequence."""
    run, start = stored_row(house, row.id)
    version = run.version
    if flow is not None:
        version += 1
        while (run.function_id, version) in house.flows:
            version += 1
        house.flows[run.function_id, version] = flow
    if at is not None:
        up_to = house.do(house.store.read(lambda c: seq_of(c, row.id, *at)))
    elif up_to is None:
        up_to = house.do(house.store.read(lambda c: last_seq(c, row.id)))
    assert up_to is not None
    told = origin(run.id, up_to, fromBlockId=first, effects=effects, path=at[0] if at is not None else None)
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
        fork=ForkOf(run.id, up_to, told, variables, stands_at),
    )
    return house.do(house.engine.submit(request))
