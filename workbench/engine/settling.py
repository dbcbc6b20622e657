"""What becomes of a step's result: its checkpoint, and which blocks get ready, or are skipped, because of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from workbench.base.errors import WorkbenchError
from workbench.blocks.kind import Effect, Fired
from workbench.engine.attempts import Attempts
from workbench.engine.failures import describe, is_unknown, unexpected
from workbench.engine.frames import Frame
from workbench.engine.joins import Joins
from workbench.engine.pen import Pen
from workbench.engine.program import Node
from workbench.engine.records import SKIPPED, Outcome, RunRow
from workbench.engine.region import RegionRun
from workbench.engine.repeats import Repeats
from workbench.engine.replay import Journal
from workbench.engine.states import StepStatus
from workbench.engine.step import Step


class Settling(ABC):
    """The half of a walk that deals with outcomes; `Walk` is the other, which runs the steps that have them."""

    row: RunRow
    pen: Pen
    journal: Journal | None
    attempts: Attempts
    repeats: Repeats
    joins: Joins

    @abstractmethod
    def stop(self, region: RegionRun) -> None:
        """Start nothing more in `region` and below."""

    def end_function(self, frame: Frame, outcome: Outcome) -> None:
        """End the function with this outcome; the first wins, and nothing does after an unhandled failure."""
        if frame.returned is None and frame.root.failure is None:
            frame.returned = outcome
        self.stop(frame.root)

    def done(self, step: Step, fired: Fired) -> Outcome:
        """Journal a completed step."""
        node, frame = step.node, step.region.frame
        key = frame.keys.of(step)
        outcome = Outcome(
            StepStatus.COMPLETED, fired.port, fired.output, key, None, None, None, step.path, step.attempt
        )
        if frame.program.has_writers:
            self._carry_variables(step, outcome, fired.variables)
        try:
            self.pen.done(step, outcome)
        except WorkbenchError as error:
            return self.failed(step, error)
        except Exception as error:  # noqa: BLE001 - a value that cannot be encoded, for whatever reason
            return self.failed(step, unexpected(error))
        if node.kind.ends_function:
            self.end_function(frame, outcome)
        return outcome

    def failed(self, step: Step, error: WorkbenchError) -> Outcome:
        """Journal a failed step; where its error port is wired or its policy says so, the flow goes on."""
        node = step.node
        description = describe(step, error)
        policy = node.block.policy
        port, output = None, None
        if node.has_error_wire:
            port, output = "error", description
        elif policy is not None and policy.on_error == "continue":
            port = "out"
        unknown = is_unknown(step, error)
        status = StepStatus.UNKNOWN if unknown else StepStatus.FAILED
        if not unknown and node.effect is not Effect.PURE and not node.kind.is_scope:
            self.repeats.count(step.path)
        key = step.region.frame.keys.of_failure(step, str(description))
        outcome = Outcome(status, port, output, key, None, None, description, step.path, step.attempt)
        if step.region.frame.program.has_writers:
            self._carry_variables(step, outcome, None)
        step.stored = None
        self.pen.done(step, outcome)
        return outcome

    def failed_for_now(self, step: Step, error: WorkbenchError) -> None:
        """Journal a failed attempt after which the block's policy has another."""
        unknown = getattr(error, "unknown", False)
        if not unknown:
            self.repeats.count(step.path)
        status = StepStatus.UNKNOWN if unknown else StepStatus.FAILED
        outcome = Outcome(status, None, None, b"", None, None, describe(step, error), step.path, step.attempt)
        self.pen.done(step, outcome, is_retried=True)
        if step.node.kind.is_scope:
            self.attempts.forget(step)

    # What follows from an outcome

    def settle(self, region: RegionRun, node: Node, outcome: Outcome) -> None:
        """Record an outcome and make ready, or skip, what comes after it."""
        self.row.steps += outcome is not SKIPPED
        region.outcomes[node.local] = outcome
        region.frame.tally.count(node.id, outcome.status)
        if outcome.port is None and outcome.status in (StepStatus.FAILED, StepStatus.UNKNOWN):
            if region.failure is None and region.frame.returned is None:
                region.failure = outcome.error
            self.stop(region)
            return
        if outcome is SKIPPED:
            self._note_skip(region, node)
        self.follow(region, node, outcome)

    def follow(self, region: RegionRun, node: Node, outcome: Outcome) -> None:
        """Make ready, or skip, what comes after an outcome."""
        dead = self._fire(region, node, outcome)
        while dead:
            skipped = dead.pop()
            self.row.steps += 1
            region.outcomes[skipped.local] = SKIPPED
            region.frame.tally.count(skipped.id, StepStatus.SKIPPED)
            self._note_skip(region, skipped)
            dead.extend(self._fire(region, skipped, SKIPPED))

    def _fire(self, region: RegionRun, node: Node, outcome: Outcome) -> list[Node]:
        """Tell the wires; the blocks that only dead wires reached come back."""
        dead: list[Node] = []
        pending, nodes = region.pending, region.plan.nodes
        for port, target in node.wires:
            if port == outcome.port:
                arrived = region.arrived[target]
                if arrived is None:
                    region.arrived[target] = [outcome]
                elif arrived[-1] is not outcome:
                    arrived.append(outcome)
            pending[target] -= 1
            if pending[target] == 0:
                if region.arrived[target]:
                    region.ready.append(nodes[target])
                else:
                    dead.append(nodes[target])
        if node.special is not None:
            dead += self.joins.fire(region, node, outcome)
        return dead

    def _note_skip(self, region: RegionRun, node: Node) -> None:
        if self.journal is None or not self.journal.has(region.prefix + node.id):
            self.pen.skipped(region, node)

    def _carry_variables(self, step: Step, outcome: Outcome, written: Mapping[str, Any] | None) -> None:
        carried = step.region.variables_before(step.node, step.region.frame.writers_before)
        if written:
            outcome.written = dict(written)
            carried = {**carried, **{name: (step.node.number, value) for name, value in written.items()}}
        outcome.scope_variables = carried
