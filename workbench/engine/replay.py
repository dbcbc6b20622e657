"""A run's journal, read back: what a recovered run need not do again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from workbench.base.errors import BlockFailed, WorkbenchError
from workbench.blocks.context import BranchEnd
from workbench.blocks.kind import Effect
from workbench.engine.program import Node
from workbench.engine.records import Outcome
from workbench.engine.region import Variables
from workbench.engine.states import StepStatus
from workbench.storage.value_files import Stored, ValueStore
from workbench.storage.values import decode


@dataclass(slots=True)
class Kept:
    """The last checkpoint at one path."""

    block_type: str
    status: StepStatus
    port: str | None
    key: bytes
    output: Stored | None
    written: bytes | None
    error: dict[str, Any] | None
    attempt: int
    is_retried: bool = False
    """Failed, and by its policy another attempt follows."""
    begun: int = 0
    """The sequence in the log at which the step began."""


FINAL = frozenset({StepStatus.COMPLETED, StepStatus.FAILED})


def is_final(kept: Kept) -> bool:
    """Whether the step was over; an unknown outcome with an error was decided, one without was cut off."""
    if kept.is_retried:
        return False
    return kept.status in FINAL or (kept.status is StepStatus.UNKNOWN and kept.error is not None)


def scopes_of(path: str) -> Iterator[str]:
    """The paths of the scopes around a path, innermost first."""
    at = path.rfind("/")
    while at > 0:
        inner = path[:at]
        scope = inner[: inner.rfind("[")]
        yield scope
        at = scope.rfind("/")


def went_in(key: bytes) -> bytes:
    """The half of a step's key that tells what went in; the whole key tells what came out."""
    return key[:8]


How: TypeAlias = Literal["own", "reused", "kept"]
"""A checkpoint of the run itself; of the run that it was forked from; likewise, though what went in is another."""


@dataclass(slots=True)
class Inherited:
    """What a fork may take over from the run that it was forked from."""

    kept: dict[str, Kept]
    begun: dict[str, int]
    """By path: the sequence at which a step there began."""
    borne: dict[str, Kept] = field(default_factory=dict[str, Kept])
    """Failures after which the scope around them went on: a fork at a place behind them has them in its past."""
    repeats_effects: bool = False
    """Whether a completed effect is repeated where what went in differs."""
    ended: dict[str, int] = field(default_factory=dict[str, int])
    """By path: the sequence at which the last attempt there ended."""
    branch_ends: dict[str, list[BranchEnd]] = field(default_factory=dict[str, list[BranchEnd]])
    """By path of a scope: which of its branches had ended, in that order."""

    def bear_failures(self) -> None:
        """Take over failures too that scopes went on after."""
        self.kept.update(self.borne)

    def leave_out(self, is_anew: Callable[[str], bool], is_in_branch: Callable[[str, str], bool]) -> None:
        """Take nothing over at the paths, and in the branches (scope's path and port), for which this is true."""
        for path in [p for p in self.kept if is_anew(p)]:
            del self.kept[path]
        for path, ends in self.branch_ends.items():
            self.branch_ends[path] = [end for end in ends if not is_in_branch(path, end.port)]

    def how(self, path: str, node: Node, key: bytes) -> How | None:
        """How the step at `path` may take its checkpoint over; None where it runs."""
        kept = self.kept.get(path)
        if kept is None or not is_final(kept) or kept.block_type != node.block.type:
            return None
        if went_in(kept.key) == went_in(key):
            return "reused"
        is_done_effect = node.effect is Effect.EFFECT and not node.kind.is_scope and kept.status is StepStatus.COMPLETED
        return "kept" if is_done_effect and not self.repeats_effects else None


class Journal:
    """Finished steps by path, how often each was begun, and the due times of its waits."""

    __slots__ = (
        "_dues",
        "_iterations",
        "_kept",
        "_starts",
        "_values",
        "begun",
        "branch_ends",
        "ended",
        "failures",
        "failures_before",
        "fresh",
        "inherited",
        "overlays",
        "sinces",
    )

    def __init__(
        self,
        kept: dict[str, Kept],
        starts: dict[str, int],
        dues: dict[str, int],
        values: ValueStore,
        failures: dict[str, int] | None = None,
        failures_before: dict[str, int] | None = None,
        inherited: Inherited | None = None,
    ) -> None:
        self._kept = kept
        self._starts = starts
        self._dues = dues
        self._values = values
        self._iterations: dict[str, int] | None = None
        self.failures = failures or {}
        """By path: how many attempts failed for good (an answer came)."""
        self.sinces: dict[str, int] = {}
        """By path: since when it waits."""
        self.failures_before = failures_before or {}
        """Of these, how many before the run was last retried."""
        self.inherited = inherited
        self.begun: dict[str, int] = {}
        """By path: the sequence at which a step there began."""
        self.overlays: list[tuple[int, dict[str, Any]]] = []
        """What was set from outside, with the sequence at which it was."""
        self.ended: dict[str, int] = {}
        """By path: the sequence at which the last attempt there ended."""
        self.fresh: frozenset[str] = frozenset()
        """Paths of restore points behind which the variables are those that the function starts with."""
        self.branch_ends: dict[str, list[BranchEnd]] = {}
        """By path of a scope: which of its branches had ended, in that order."""

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def known(self) -> Mapping[str, Kept]:
        """The run's own last checkpoints by path."""
        return self._kept

    def has(self, path: str) -> bool:
        """Whether a checkpoint of the run's own at `path` is final (a skipped block too)."""
        kept = self._kept.get(path)
        return kept is not None and (is_final(kept) or kept.status is StepStatus.SKIPPED)

    def has_begun(self, path: str) -> bool:
        """Whether a step at `path` had begun, here or in the run that this was forked from."""
        return path in self.begun or (self.inherited is not None and path in self.inherited.begun)

    def replays(self, path: str, node: Node, key: Callable[[], bytes]) -> bool:
        """Whether the step at `path` was over before, so that it need not run again (unless its value is lost)."""
        if self.has(path):
            return True
        return self.inherited is not None and self.inherited.how(path, node, key()) is not None

    def take_branch_ends(self) -> None:
        """Let branches end in the order in which they did in the run that this was forked from."""
        if self.inherited is not None:
            for path, ends in self.inherited.branch_ends.items():
                self.branch_ends[path] = [*ends, *self.branch_ends.get(path, ())]

    def when_ended(self, path: str) -> int | None:
        """The sequence at which the last attempt at `path` ended, here or in the run that this was forked from."""
        ended = self.ended.get(path)
        return self.inherited.ended.get(path) if ended is None and self.inherited is not None else ended

    def was_over(self, path: str) -> bool:
        """Whether the step at `path` was over before, here or where this was forked, even if it has to run again."""
        if self.has(path):
            return True
        kept = self.inherited.kept.get(path) if self.inherited is not None else None
        return kept is not None and (is_final(kept) or kept.status is StepStatus.SKIPPED)

    def has_failed(self, path: str) -> bool:
        """Whether the run's own last attempt at `path` is over and did not complete."""
        kept = self._kept.get(path)
        return kept is not None and is_final(kept) and kept.status is not StepStatus.COMPLETED

    def output_of(self, path: str) -> Any:
        """What the step at `path` gave, where it completed and its value is there; else None."""
        kept = self._kept.get(path) or (self.inherited.kept.get(path) if self.inherited is not None else None)
        if kept is None or kept.status is not StepStatus.COMPLETED or kept.output is None:
            return None
        try:
            return None if kept.output.kind == "pending" else self._values.load(kept.output)
        except (WorkbenchError, OSError, ValueError):
            return None

    def take_due(self, path: str) -> int | None:
        """Until when the step at `path` waits, if it had begun to; told once, for a later wait is another one."""
        return self._dues.pop(path, None)

    def take_wait(self, path: str) -> tuple[int, int | None] | None:
        """Until and since when the step at `path` waits; told once."""
        due = self.take_due(path)
        return (due, self.sinces.pop(path, None)) if due is not None else None

    def due(self, path: str) -> int | None:
        """Until when the step at `path` waits, without taking it."""
        return self._dues.get(path)

    def forget_inside(self, path: str) -> None:
        """A scope is tried again: what its regions did before does not count."""
        known: tuple[dict[str, Any], ...] = (self._kept, self._dues)
        for inside in (*known, self.inherited.kept) if self.inherited is not None else known:
            for inner in [p for p in inside if p.startswith((f"{path}[", f"{path}#"))]:
                del inside[inner]

    def attempt(self, path: str) -> int:
        """The number that the next attempt at `path` has."""
        return self._starts.get(path, 0) + 1

    def failures_now(self, path: str) -> int:
        """How many attempts at `path` failed for good since the run was last retried."""
        return self.failures.get(path, 0) - self.failures_before.get(path, 0)

    def overlay_of(self, path: str) -> dict[str, Any] | None:
        """What had been set from outside when the step at `path` began; None for one that had not begun."""
        begun = self.begun.get(path)
        if begun is None and self.inherited is not None:
            begun = self.inherited.begun.get(path)
        if begun is None:
            return None
        seen: dict[str, Any] = {}
        for seq, values in self.overlays:
            if seq < begun:
                seen.update(values)
        return seen

    def went_past(self, path: str, iteration: int) -> bool:
        """Whether the scope at `path` had begun a later iteration than this: then it did not wait any more."""
        if self._iterations is None:
            found = self._iterations = {}
            for known in (self.begun, self.inherited.begun if self.inherited is not None else {}):
                for inner in known:
                    for at in (i for i, c in enumerate(inner) if c == "["):
                        number = int(inner[at + 1 : inner.index("]", at)])
                        found[inner[:at]] = max(number, found.get(inner[:at], -1))
        return self._iterations.get(path, -1) > iteration

    def reuse(self, path: str, node: Node, key: bytes, before: Variables | None) -> tuple[Outcome, How] | None:
        """The outcome at `path` and whose it is, if it is final, fits and its value is there; else None.

        Of the run's own checkpoints those of effects and scopes fit whatever went in: the run is the same. Pure blocks
        run again where what went in differs. Raises BlockFailed when an effect was completed and its value is gone.

        `before` are the variables in sight of the block where the flow has writers.
        """
        how: How | None = "own"
        kept = self._kept.get(path)
        if kept is None and path not in self.begun and self.inherited is not None:
            how = self.inherited.how(path, node, key)
            kept = self.inherited.kept[path] if how is not None else None
        if how is None or kept is None or not is_final(kept) or kept.block_type != node.block.type:
            return None
        is_pure = node.effect is Effect.PURE and not node.kind.is_scope
        if how == "own" and is_pure and kept.status is StepStatus.COMPLETED and kept.key != key:
            return None
        output: Any = None
        if kept.output is not None:
            if kept.output.kind == "pending":
                return None
            try:
                self._values.check(kept.output)
                output = self._values.load(kept.output)
            except (WorkbenchError, OSError, ValueError) as error:
                if node.effect is Effect.EFFECT:
                    raise value_lost(path, node, error) from error
                return None
        elif kept.port == "error":
            output = kept.error
        written = decode(kept.written) if kept.written else None
        carried = before
        if before is not None and written:
            carried = {**before, **{name: (node.number, value) for name, value in written.items()}}
        outcome = Outcome(kept.status, kept.port, output, kept.key, carried, written, kept.error, path, kept.attempt)
        return outcome, how

    def shown_of(self, path: str) -> Stored | None:
        """The value of an inherited checkpoint where it is small enough to be told again, or a table's size."""
        kept = self.inherited.kept.get(path) if self.inherited is not None else None
        stored = kept.output if kept is not None else None
        return stored if stored is not None and len(stored.inline or b"") <= SHOWN_BYTES else None

    def same_output(self, path: str, stored: Stored | None) -> bytes | None:
        """The key of the checkpoint that was at `path` if its value was this one: what came out is the same."""
        kept = self._kept.get(path) or (self.inherited.kept.get(path) if self.inherited is not None else None)
        if kept is None or stored is None or kept.output is None or kept.status is not StepStatus.COMPLETED:
            return None
        known = kept.output
        if known.kind != stored.kind or known.kind == "pending" or kept.written:
            return None
        is_same = (known.inline, known.ref) == (stored.inline, stored.ref)
        return kept.key if is_same and len(kept.key) == KEY_BYTES else None


KEY_BYTES = 16
SHOWN_BYTES = 256


def value_lost(path: str, node: Node, error: Exception) -> BlockFailed:
    """An effect is done and what it gave cannot be read; it is not to be repeated."""
    why = error.message if isinstance(error, WorkbenchError) else str(error)
    return BlockFailed(
        f"What “{node.block.name}” gave at {path} cannot be read any more, and it is not to be repeated: {why}",
        kind="VALUE_LOST",
        hint="To run it again: fork the run from this block.",
    )
