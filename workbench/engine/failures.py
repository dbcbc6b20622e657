"""How a failure is told: the error object that checkpoints, runs and handlers see."""

from __future__ import annotations

import traceback
from typing import Any, cast

from workbench.base.errors import BlockFailed, WorkbenchError
from workbench.base.logs import get_logger
from workbench.blocks.kind import Effect
from workbench.engine.redaction import Redactor
from workbench.engine.step import Step
from workbench.flow.expressions import ExpressionError

log = get_logger("workbench.engine")


def unexpected(error: Exception, *, unknown: bool = False, in_use: Redactor | None = None) -> BlockFailed:
    """A block raised what it should not: told as it is, and logged without the secrets in use.

    For an effect the outcome is `unknown`.
    """
    trace = trace_of(error)
    log.warning("step.unexpected_error", error=type(error).__name__, trace=in_use.text(trace) if in_use else trace)
    return BlockFailed(f"{type(error).__name__}: {error}", kind="INTERNAL", unknown=unknown)


def trace_of(error: BaseException) -> str:
    """Where it was raised, as text without the values of variables."""
    return "".join(traceback.format_exception(error))


def is_unknown(step: Step, error: WorkbenchError) -> bool:
    """Whether it is not known what the step has done to the world. Of a pure block it always is: nothing."""
    return getattr(error, "unknown", False) and (step.node.effect is not Effect.PURE or step.node.kind.is_scope)


def describe(step: Step, error: WorkbenchError) -> dict[str, Any]:
    """The error object of a step: {type, message, blockId, blockName, path, hint?, unknown?}.

    An inner block's own stays. `unknown` stands there, and is true, where the effect may have happened.
    """
    inner = error.data.get("error")
    if isinstance(inner, dict):
        return cast("dict[str, Any]", inner)
    if isinstance(error, BlockFailed):
        kind = error.kind
    elif isinstance(error, ExpressionError):
        kind = "EXPRESSION"
    else:
        kind = error.code
    found: dict[str, Any] = {
        "type": kind,
        "message": error.message.encode("utf-8", "replace").decode(),
        "blockId": step.node.id,
        "blockName": step.node.block.name,
        "path": step.path,
    }
    if step.region.frame.function_id is not None:
        found["functionId"] = step.region.frame.function_id
    if is_unknown(step, error):
        found["unknown"] = True
    if error.hint:
        found["hint"] = error.hint.encode("utf-8", "replace").decode()
    if error.details:
        found["details"] = [
            {"field": d.field, "issue": d.issue.encode("utf-8", "replace").decode()} for d in error.details
        ]
    return found


def told(kind: str, message: str) -> dict[str, Any]:
    """A failure that is not one block's, as it goes on the wire."""
    return {"type": kind, "message": message.encode("utf-8", "replace").decode(), "blockId": None, "path": None}


def describe_any(error: Exception) -> dict[str, Any]:
    """A failure that is not one block's, whatever was raised."""
    if isinstance(error, WorkbenchError):
        return told(error.code, error.message)
    return told("INTERNAL", f"{type(error).__name__}: {error}")
