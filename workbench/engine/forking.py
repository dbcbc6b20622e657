"""Taking a run up anew, and beginning one from another's journal: what of a journal counts, and what runs again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from workbench.base.ids import to_bytes
from workbench.blocks.registry import BlockRegistry
from workbench.engine.facts import LogWritten, VariablesForced
from workbench.engine.facts_forks import RunForked, RunRetried
from workbench.engine.journal_reading import forced_variables, journals
from workbench.engine.records import ForkOf, RunRow
from workbench.engine.replay import Inherited, Journal
from workbench.engine.signals import Mailbox
from workbench.flow.model import Flow
from workbench.flow.regions import Regions, find_regions
from workbench.storage.facts import Fact
from workbench.storage.store import Store
from workbench.storage.values import encode

Effects = Literal["keep", "repeat"]


def retried(row: RunRow, now_us: int) -> list[Fact]:
    """Make a run that is over one that waits for its next attempt; the facts that say so."""
    row.attempt += 1
    row.recoveries = 0
    row.queued_at = now_us
    row.started_at = row.finished_at = None
    row.queue_us = row.wait_us = row.steps = 0
    row.output = row.error = None
    run = to_bytes(row.id)
    told = f"Attempt {row.attempt} goes on from what is done."
    return [RunRetried(run, row.attempt, now_us), LogWritten(run, now_us, "info", None, None, told, None)]


def forked(row: RunRow, fork: ForkOf, now_us: int) -> list[Fact]:
    """The facts by which a run that is being created takes over its parent's journal."""
    run = to_bytes(row.id)
    row.forked_from = dict(fork.origin)
    facts: list[Fact] = [
        RunForked(run, to_bytes(fork.parent_id), fork.up_to, msgspec.json.encode(fork.origin).decode())
    ]
    if fork.variables:
        facts.append(VariablesForced(run, now_us, encode(dict(fork.variables))))
    return facts


@dataclass(slots=True)
class Past:
    """What a run's journal gives the walk that goes on from it."""

    journal: Journal
    overlay: dict[str, Any] = field(default_factory=dict)
    mailbox: Mailbox | None = None


async def read_past(
    store: Store,
    row: RunRow,
    flow: Flow,
    registry: BlockRegistry,
    *,
    before: int | None = None,
    is_retried: bool = False,
) -> Past:
    """The journal of one run, whatever its state.

    With `before`, only what is older than that sequence; `is_retried`: as it counts for another attempt.
    """

    def read(cursor: Any) -> Past:
        known = journals(cursor, store.values, row.id, before, is_retried=is_retried).get(row.id)
        forced = forced_variables(cursor, row.id).get(row.id, [])
        past = past_of(row, flow, registry, known.journal if known is not None else None, forced, store, before)
        past.mailbox = known.mailbox if known is not None else None
        return past

    return await store.read(read)


def past_of(
    row: RunRow,
    flow: Flow,
    registry: BlockRegistry,
    journal: Journal | None,
    forced: Sequence[tuple[int, dict[str, Any]]],
    store: Store,
    before: int | None = None,
) -> Past:
    """A journal with the fork's rules and what was set from outside."""
    if journal is None:
        journal = Journal({}, {}, {}, store.values)
    journal.overlays = [(seq, values) for seq, values in forced if before is None or seq < before]
    overlay: dict[str, Any] = {}
    for _, values in journal.overlays:
        overlay.update(values)
    if journal.inherited is not None and row.forked_from is not None:
        abide(journal.inherited, row.forked_from, flow, registry)
        journal.take_branch_ends()
        journal.fresh = frozenset(row.forked_from.get("freshVariablesAt", ()))
    return Past(journal, overlay)


def abide(inherited: Inherited, origin: Mapping[str, Any], flow: Flow, registry: BlockRegistry) -> None:
    """Leave of what a fork inherits what it may take over, by how it was asked for."""
    inherited.repeats_effects = origin.get("effects") == "repeat"
    if "path" in origin:
        inherited.bear_failures()
    anew = runs_anew(flow, origin.get("fromBlockId"), registry)
    if anew is not None:
        inherited.leave_out(anew, anew.is_in_branch)
    if origin.get("changed"):
        inherited.branch_ends.clear()  # who ends first is decided anew


class RunsAnew:
    """Whether a path is that of the block `first` or of one after it: at these a fork takes nothing over.

    Scopes around it are entered again, so they are among them; what else they hold is not.
    """

    def __init__(self, layout: Regions, first: str, registry: BlockRegistry) -> None:
        self._layout = layout
        self._registry = registry
        around = tuple(layout.scopes_around(first))
        self._entered = set(around)
        self._after = {first} | {
            block.id for block in layout.graph.blocks for start in (first, *around) if start in layout.visible(block.id)
        }

    def __call__(self, path: str) -> bool:
        own = tuple(elements(path, self._layout, self._registry))
        return bool(own) and (own[-1] in self._entered or any(element in self._after for element in own))

    def is_in_branch(self, path: str, port: str) -> bool:
        """Whether something in the region that the scope at `path` starts from `port` runs anew."""
        own, scope = tuple(elements(path, self._layout, self._registry)), block_at(path)
        if any(element in self._after for element in own):
            return True
        if not own or scope != own[-1]:
            return False  # in a called function that is as it was
        return any(self._port_around(block_id, scope) == port for block_id in (self._after | self._entered) - {scope})

    def _port_around(self, block_id: str, scope: str) -> str | None:
        """By which port of `scope` the region is started that a block is in, however deep."""
        key = self._layout.key_of(block_id)
        while key.scope and key.scope != scope:
            key = self._layout.key_of(key.scope)
        return key.port if key.scope == scope else None


def runs_anew(flow: Flow, first: str | None, registry: BlockRegistry) -> RunsAnew | None:
    """See `RunsAnew`; None where no block was named."""
    return RunsAnew(find_regions(flow, registry), first, registry) if first else None


def elements(path: str, layout: Regions, registry: BlockRegistry) -> Iterator[str]:
    """The ids of the flow's own blocks along a path, outermost first; what a called function is made of is left out."""
    for part in path.split("/"):
        block_id = part.partition("[")[0].partition("#")[0]
        if block_id not in layout.graph.index:
            return
        yield block_id
        kind = registry.find(layout.graph.blocks[layout.graph.index[block_id]].type)
        if kind is not None and kind.type == "subflow":
            return


def block_at(path: str) -> str:
    """The id of the block that a path ends with."""
    return path.rpartition("/")[2].partition("#")[0]


def region_of(path: str) -> str:
    """The path's region, with its slash; empty for the function's own."""
    return path[: path.rfind("/") + 1]


def origin(parent_id: str, seq: int, **more: Any) -> Mapping[str, Any]:
    """What `forkedFrom` shows: the run, up to which sequence of its journal, and how it was asked for.

    `changed` names what is different besides (``inputs``, ``version``), `freshVariablesAt` the restore points behind
    which the variables are those that the function starts with.
    """
    return {"runId": parent_id, "seq": seq, **{name: value for name, value in more.items() if value is not None}}
