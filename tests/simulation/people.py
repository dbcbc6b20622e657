"""What people do in a simulation: each operation on the engine, and what the witness is to expect of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from tests.simulation.life import Life
from tests.simulation.plan import Operation, Plan
from tests.simulation.witness import Seen, Witness
from workbench.base.errors import InvalidState, Unavailable
from workbench.engine import again
from workbench.engine.forking import origin
from workbench.engine.journal_forks import find_run_row, last_seq
from workbench.engine.queue import Entry
from workbench.engine.records import ForkOf, RunRequest
from workbench.engine.signals import SignalDesk


class Simulated(Protocol):
    """The simulation, as its people see it."""

    plan: Plan
    witness: Witness
    order: list[str]

    def tell(self, line: str) -> None: ...

    def count(self, what: str) -> None: ...

    def acknowledge(
        self, run: str, request: RunRequest, *, is_fork: bool = False, was_edited: bool = False
    ) -> Seen: ...

    def watch(self, run: str) -> None: ...


async def _submit(sim: Simulated, life: Life, operation: Operation) -> None:
    request = sim.plan.request(operation.run)
    row = await life.engine.submit(request)
    sim.tell(f"acknowledged: {row.id}")
    sim.acknowledge(row.id, request)


async def _cancel(sim: Simulated, life: Life, operation: Operation) -> None:
    if operation.run >= len(sim.order):
        return
    run = sim.order[operation.run]
    sim.witness.runs[run].was_cancelled = True
    with suppress(InvalidState):
        await life.engine.cancel(run, "somebody wants it")
        sim.count("cancels")


async def _signal(sim: Simulated, life: Life, operation: Operation) -> None:
    if operation.run >= len(sim.order):
        return
    kind = life.rng.choice(("go", "go", "approval"))
    payload: Any = {"n": life.rng.random()}
    if kind == "approval":
        payload = {"decision": life.rng.choice(("approve", "reject"))}
    with suppress(InvalidState):
        await SignalDesk(life.engine).send(sim.order[operation.run], kind, payload, None)
        sim.count("signals")


async def _retry(sim: Simulated, life: Life, operation: Operation) -> None:
    seen_runs = sim.witness.runs
    failed = [run for run in sim.order if seen_runs[run].status not in (None, "completed")]
    if not failed:
        return
    run = failed[operation.run % len(failed)]
    seen = seen_runs[run]
    found = await life.store.read(lambda c: find_run_row(c, seen.request.workspace_id, run))
    if found is None:
        sim.witness.complain(f"run {run} was acknowledged and is gone")
        return
    before, seen.status = (seen.status, seen.output), None
    seen.retries += 1
    entry = Entry(found[0], seen.request.flow, (), found[1], called=seen.request.called)
    try:
        await again.retry(life.engine, entry)
    except InvalidState:
        seen.status, seen.output = before
        return
    except Unavailable:
        sim.watch(run)
        raise
    sim.tell(f"retried: {run}")
    sim.count("retried")
    sim.watch(run)


async def _fork(sim: Simulated, life: Life, operation: Operation) -> None:
    """Fork a run: at a place, or from a block on, on its version or the latest."""
    if operation.run >= len(sim.order):
        return
    rng, run = life.rng, sim.order[operation.run]
    seen = sim.witness.runs[run]
    up_to = await life.store.read(lambda c: last_seq(c, run))
    if up_to is None:
        return
    request, more = seen.request, {}
    match rng.choice(("place", "place", "block", "version")):
        case "place":
            up_to -= rng.choice((0, 0, 1, 3, 8))
        case "block":
            first = rng.choice([block.id for block in request.flow.blocks if block.type != "start"])
            more = {"fromBlockId": first, "effects": rng.choice((None, "repeat"))}
        case _:
            request = sim.plan.latest(request)
            more = {"effects": rng.choice((None, "repeat"))}
    told = origin(run, up_to, **more)
    request = replace(request, fork=ForkOf(run, up_to, told), debug=False)
    row = await life.engine.submit(request)
    sim.tell(f"forked: {row.id}")
    sim.count("forks")
    sim.acknowledge(row.id, request, is_fork=True, was_edited=seen.was_edited)


async def _edit(sim: Simulated, life: Life, operation: Operation) -> None:
    del life, operation
    sim.tell(f"edited: {sim.plan.edit()}")
    sim.count("edits")


async def _jump(sim: Simulated, life: Life, operation: Operation) -> None:
    del operation
    seconds = life.rng.choice((-86_400, -3600, -5, 5, 3600, 86_400))
    life.clock.jump(seconds * 1_000_000)
    sim.tell(f"the clock jumps by {seconds} s")
    sim.count("jumps")


def _scope(sim: Simulated, life: Life, operation: Operation) -> str | None:
    return sim.plan.asks[operation.run].function if life.rng.random() < 0.5 else None


async def _pause(sim: Simulated, life: Life, operation: Operation) -> None:
    scope = _scope(sim, life, operation)
    resumes = sim.witness.resumes[scope]
    await life.engine.holds.pause(scope, "somebody", "they want it", None)
    if sim.witness.resumes[scope] == resumes:  # nobody has asked to resume it meanwhile
        sim.witness.paused[scope] = life.clock.now_us()
    sim.tell(f"paused: {scope}")
    sim.count("pauses")


async def _resume(sim: Simulated, life: Life, operation: Operation) -> None:
    await resume(sim, life, _scope(sim, life, operation))


async def resume(sim: Simulated, life: Life, scope: str | None) -> None:
    """Let a function's queue (None: the server's) go on."""
    sim.witness.paused.pop(scope, None)
    sim.witness.resumes[scope] += 1
    await life.engine.holds.resume(scope, "somebody", None)
    sim.witness.paused.pop(scope, None)
    sim.tell(f"resumed: {scope}")


OPERATIONS: dict[str, Callable[[Simulated, Life, Operation], Awaitable[None]]] = {
    "submit": _submit,
    "cancel": _cancel,
    "signal": _signal,
    "retry": _retry,
    "fork": _fork,
    "edit": _edit,
    "jump": _jump,
    "pause": _pause,
    "resume": _resume,
}
