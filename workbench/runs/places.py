"""Where a run is forked: at one of its checkpoints, or at a restore point by name."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.base.clock import Clock
from workbench.base.errors import InvalidInput, InvalidState, Issue, NotFound
from workbench.editing.functions import Functions
from workbench.editing.models import Function
from workbench.engine.checkpoints import parse_checkpoint_id
from workbench.engine.journal_forks import last_completed, seq_of
from workbench.engine.records import RunRow
from workbench.flow.handles import handle
from workbench.flow.model import Block, Flow
from workbench.rest.caller import Caller, missing
from workbench.runs.models import ForkRun
from workbench.storage.store import Store


@dataclass(frozen=True, slots=True)
class Place:
    """After the checkpoint at `path`, sharing what the journal says up to `seq` (0: nothing)."""

    path: str
    attempt: int
    seq: int
    is_fresh: bool = False
    """Whether the variables are those that the function starts with."""


class Places:
    """Finds them in journals."""

    def __init__(self, store: Store, functions: Functions, clock: Clock) -> None:
        self._store = store
        self._functions = functions
        self._clock = clock

    async def of(self, caller: Caller, row: RunRow, function: Function, flow: Flow, asked: ForkRun) -> Place:
        """The place that is asked for. Raises InvalidInput, NotFound, InvalidState."""
        if (asked.checkpoint_id is None) == (asked.restore_point is None):
            raise InvalidInput(
                "Say where to fork: at one checkpoint or at one restore point.",
                hint="Send checkpointId (R/checkpoints lists them) or restorePoint (the name of a checkpoint block).",
                details=[Issue("checkpointId", "exactly one of checkpointId and restorePoint is needed")],
            )
        if asked.checkpoint_id is not None:
            path, attempt = parse_checkpoint_id(asked.checkpoint_id)
            seq = await self._store.read(lambda c: seq_of(c, row.id, path, attempt))
            if seq is None:
                raise missing("checkpoint", asked.checkpoint_id)
            return Place(path, attempt, seq)
        assert asked.restore_point is not None
        return await self._restore_point(caller, row, function, flow, asked.restore_point)

    async def _restore_point(self, caller: Caller, row: RunRow, function: Function, flow: Flow, name: str) -> Place:
        """One of the function's own or, where it has none of that name, of the functions that it calls."""
        points: dict[tuple[str | None, str], Block] = {(None, block.id): block for block in _points(flow)}
        meant = {key: block for key, block in points.items() if _is_named(block, name)}
        if not meant and row.pins:
            called = await self._functions.calls.pinned(caller, row.pins)
            points |= {(key[0], block.id): block for key, inner in called.flows.items() for block in _points(inner)}
            meant = {key: block for key, block in points.items() if _is_named(block, name)}
        if not meant:
            names = ", ".join(f"“{b.name}”" for b in points.values()) or "none"
            raise NotFound(
                f"Version {row.version} of “{function.name}” has no restore point “{name}”.",
                hint=f"It has {names}. A `checkpoint` block makes one; checkpointId forks at any checkpoint.",
            )
        found = await self._store.read(lambda c: last_completed(c, row.id, meant))
        if found is None:
            raise InvalidState(
                f"The run did not come to the restore point “{name}”.", hint="Fork at a checkpoint that it came to."
            )
        path, attempt, seq, finished_at, *key = found
        config = meant[key[0], str(key[1])].config
        ttl = config.get("ttlMinutes")
        if isinstance(ttl, int | float) and self._clock.now_us() > finished_at + ttl * 60_000_000:
            raise InvalidState(
                f"The restore point “{name}” was good for {ttl:g} minutes.", hint="Fork at a checkpoint instead."
            )
        if config.get("onRestore") == "restart":
            return Place(path, attempt, 0)
        return Place(path, attempt, seq, is_fresh=config.get("saveVariables") is False)


def _points(flow: Flow) -> list[Block]:
    return [block for block in flow.blocks if block.type == "checkpoint"]


def _is_named(block: Block, name: str) -> bool:
    return name in (block.name, handle(block.name), block.id, block.config.get("checkpointId"))
