"""Where a debug run stands, as data: the DebugState on the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.base.errors import WorkbenchError
from workbench.engine.checkpoints import checkpoint_id
from workbench.engine.program import Node
from workbench.engine.records import Outcome
from workbench.engine.region import RegionRun
from workbench.engine.states import StepStatus
from workbench.engine.step import Step


def describe_pause(step: Step, when: str, outcome: Outcome | None, to_json: Callable[[Any], Any]) -> dict[str, Any]:
    """The DebugState of a stop at `step`; values as JSON-ready previews.

    `blockOutputs` is by handle: ``{handle: value}``; `outputs` says where each came from
    (``{handle: {blockId, checkpointId}}``), so that a kernel can fetch the whole value.
    """
    try:
        variables: dict[str, Any] = step.variables()
    except WorkbenchError as error:
        variables = {"error": error.message}
    outputs = outputs_in_sight(step)
    if outcome is not None and outcome.status is StepStatus.COMPLETED:
        outputs[step.node.handle] = (step.node.id, outcome)
    return {
        "runId": step.walk.row.id,
        "functionId": step.walk.row.function_id,
        "status": "paused",
        "path": step.path,
        "blockId": step.node.id,
        "blockName": step.node.block.name,
        "when": when,
        "callStack": _call_stack(step),
        "variables": to_json(variables),
        "names": to_json(_names(step)),
        "inputs": to_json(step.input),
        "blockOutputs": {name: to_json(found.output) for name, (_, found) in outputs.items()},
        "outputs": {
            name: {"blockId": block, "checkpointId": checkpoint_id(found.path, found.attempt)}
            for name, (block, found) in outputs.items()
        },
        "error": outcome.error if outcome is not None else None,
        "canStepBack": _has_past(step, when),
        "isPast": False,
    }


def _has_past(step: Step, when: str) -> bool:
    """Whether any block has begun before this place."""
    return when != "before" or step.region.parent is not None or step.walk.tally.has_ran


def outputs_in_sight(step: Step) -> dict[str, tuple[str, Outcome]]:
    """Block id and outcome by handle of the completed blocks that expressions at `step` see."""
    program = step.region.frame.program
    found: dict[str, tuple[str, Outcome]] = {}
    for block_id in sorted(program.layout.visible(step.node.id)):
        place = program.places[block_id]
        outcome = step.outcome_at(place)
        if outcome is not None and outcome.status is StepStatus.COMPLETED:
            found[program.node(block_id).handle] = (block_id, outcome)
    return found


def _names(step: Step) -> dict[str, Any]:
    names: dict[str, Any] = {}
    region: RegionRun | None = step.region
    while region is not None:
        names = {**region.names, **names}
        region = region.parent
    return names


def _call_stack(step: Step) -> list[dict[str, Any]]:
    """Innermost first: the block in front, then the scopes around it with their iteration."""
    frames: list[dict[str, Any]] = [
        {
            "path": step.path,
            "blockId": step.node.id,
            "name": step.node.block.name,
            "kind": step.node.block.type,
            "functionId": step.region.frame.function_id or step.walk.row.function_id,
        }
    ]
    region = step.region
    while (around := _around(region)) is not None:
        path, _, rest = region.prefix[:-1].rpartition("[")
        outer, scope = around
        frames.append(
            {
                "path": path,
                "blockId": scope.id,
                "name": scope.block.name,
                "kind": scope.block.type,
                "iteration": int(rest[:-1]),
                "functionId": outer.frame.function_id or step.walk.row.function_id,
            }
        )
        region = outer
    return frames


def _around(region: RegionRun) -> tuple[RegionRun, Node] | None:
    """The region around one, and the scope in it, or the block that calls the function, whose region this is."""
    if region.parent is not None:
        return region.parent, region.frame.program.node(region.plan.key.scope)
    caller = region.frame.caller
    return (caller.region, caller.node) if caller is not None else None
