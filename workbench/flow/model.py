"""The flow as data: blocks, edges, variables. A value; immutable once it is a version."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from workbench.base.wire import Wire

FlowId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Block and edge ids are the client's own."""


def no_control_characters(text: str) -> str:
    """The text. Raises ValueError for one with control characters."""
    if any(ord(c) < 32 or 127 <= ord(c) < 160 for c in text):
        raise ValueError("must not hold control characters")
    return text


MOST_NAME = 200
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_NAME),
    AfterValidator(no_control_characters),
]
"""A name for people: 1 to 200 characters, trimmed, any Unicode but control characters."""

MAX_BLOCKS = 2000
MAX_EDGES = 8000


class Position(Wire):
    """Where a block stands on the canvas, in pixels. Never changes what a flow does."""

    x: float = Field(default=0, allow_inf_nan=False)
    y: float = Field(default=0, allow_inf_nan=False)


class Policy(Wire):
    """What applies to one block whatever its type."""

    timeout_ms: int | None = Field(default=None, ge=1, le=24 * 3600 * 1000)
    retries: int = Field(default=0, ge=0, le=10)
    retry_delay_ms: int = Field(default=1000, ge=0, le=3600 * 1000)
    on_error: Literal["fail", "continue"] = "fail"


class Block(Wire):
    """A typed step. `name` is free text; its handle is what expressions use."""

    id: FlowId
    type: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    name: Name
    config: dict[str, Any] = Field(default_factory=dict)
    position: Position = Position()
    disabled: bool = False
    policy: Policy | None = None


class Edge(Wire):
    """A wire from an output port to an input port."""

    id: FlowId
    source: FlowId
    source_port: Annotated[str, StringConstraints(min_length=1, max_length=64)] = "out"
    target: FlowId
    target_port: Annotated[str, StringConstraints(min_length=1, max_length=64)] = "in"


class Flow(Wire):
    """Blocks, edges and the variables' first values; notes and groups are layout."""

    blocks: tuple[Block, ...] = ()
    edges: tuple[Edge, ...] = ()
    variables: dict[str, Any] = Field(default_factory=dict)
    notes: tuple[dict[str, Any], ...] = ()
    groups: tuple[dict[str, Any], ...] = ()

    def block(self, block_id: str) -> Block | None:
        """The block with this id, or None."""
        return next((b for b in self.blocks if b.id == block_id), None)
