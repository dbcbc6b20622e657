"""What validation answers: problems with a code, a place, a sentence, and a fix where one is certain."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from workbench.base.wire import Wire


class Code(StrEnum):
    """Every kind of problem. The value stands on the wire and has a heading in the docs."""

    EMPTY_FLOW = "EMPTY_FLOW"
    TOO_LARGE = "TOO_LARGE"
    TOO_DEEP = "TOO_DEEP"
    MORE_PROBLEMS = "MORE_PROBLEMS"
    DUPLICATE_ID = "DUPLICATE_ID"
    UNKNOWN_BLOCK = "UNKNOWN_BLOCK"
    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    DISABLED_TYPE = "DISABLED_TYPE"
    BAD_CONFIG = "BAD_CONFIG"
    NO_TRIGGER = "NO_TRIGGER"
    UNREACHABLE = "UNREACHABLE"
    DISABLED_UPSTREAM = "DISABLED_UPSTREAM"
    CYCLE = "CYCLE"
    UNKNOWN_PORT = "UNKNOWN_PORT"
    UNCONNECTED_PORT = "UNCONNECTED_PORT"
    DUPLICATE_EDGE = "DUPLICATE_EDGE"
    TYPE_MISMATCH = "TYPE_MISMATCH"
    EDGE_LEAVES_REGION = "EDGE_LEAVES_REGION"
    EDGE_ENTERS_REGION = "EDGE_ENTERS_REGION"
    EMPTY_REGION = "EMPTY_REGION"
    UNWIRED_BRANCH = "UNWIRED_BRANCH"
    LONE_MERGE = "LONE_MERGE"
    DEAD_PORT = "DEAD_PORT"
    DUPLICATE_NAME = "DUPLICATE_NAME"
    RESERVED_NAME = "RESERVED_NAME"
    SHADOWED_NAME = "SHADOWED_NAME"
    BAD_EXPRESSION = "BAD_EXPRESSION"
    UNKNOWN_NAME = "UNKNOWN_NAME"
    NOT_IN_SCOPE = "NOT_IN_SCOPE"
    NOT_UPSTREAM = "NOT_UPSTREAM"
    DISABLED_REFERENCE = "DISABLED_REFERENCE"
    VARIABLE_RACE = "VARIABLE_RACE"
    UNKNOWN_SECRET = "UNKNOWN_SECRET"  # noqa: S105 - a name
    BAD_SUBFLOW = "BAD_SUBFLOW"


class FixCommand(Wire):
    """One command for `batchCommands`; whoever sends it adds the `functionId`."""

    type: Literal["ADD_BLOCK", "UPDATE_BLOCK", "MOVE_BLOCK", "REMOVE_BLOCK", "ADD_EDGE", "REMOVE_EDGE", "SET_VARIABLES"]
    payload: dict[str, Any]


class Fix(Wire):
    """Commands that repair the problem for certain, and what the button says."""

    label: str
    commands: tuple[FixCommand, ...]


class Problem(Wire):
    """One thing wrong with a flow.

    `field` is relative to its block: ``config.delayMs``, ``name``. `position` is where in that field's text the
    expression goes wrong, in characters, where it is known.
    """

    code: Code
    severity: Literal["error", "warning"]
    message: str
    block_id: str | None = None
    edge_id: str | None = None
    field: str | None = None
    position: int | None = None
    fix: Fix | None = None


class Validation(Wire):
    """All that is wrong with a flow. `valid` means that it can run: there may be warnings."""

    valid: bool
    errors: tuple[Problem, ...] = Field(default_factory=tuple)
    warnings: tuple[Problem, ...] = Field(default_factory=tuple)


def as_validation(problems: list[Problem]) -> Validation:
    """Errors and warnings apart, each in the order found."""
    errors = tuple(p for p in problems if p.severity == "error")
    return Validation(valid=not errors, errors=errors, warnings=tuple(p for p in problems if p.severity == "warning"))


def fix(label: str, *commands: tuple[str, dict[str, Any]]) -> Fix:
    """A fix of commands given as (type, payload)."""
    return Fix(label=label, commands=tuple(FixCommand.model_validate({"type": t, "payload": p}) for t, p in commands))


def remove_edge(edge_id: str) -> Fix:
    """The fix that takes one edge away."""
    return fix("Remove this wire", ("REMOVE_EDGE", {"edgeId": edge_id}))
