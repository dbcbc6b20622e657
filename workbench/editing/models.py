"""Wire shapes of canvases, functions, breakpoints and validation requests."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, StringConstraints

from workbench.base.times import Time
from workbench.base.wire import Flag, WholeNumber, Wire
from workbench.flow.model import Flow, FlowId, Name, Policy, Position

Description: TypeAlias = Annotated[str, StringConstraints(max_length=10_000)]
Status: TypeAlias = Literal["draft", "active", "archived"]
Expression: TypeAlias = Annotated[str, StringConstraints(max_length=10_000)]


class NewCanvas(Wire):
    """Body of POST /canvases."""

    name: Name
    description: Description | None = None


class CanvasChange(Wire):
    """Body of PUT C: what is sent is changed, null clears."""

    name: Name | None = None
    description: Description | None = None
    expected_version: WholeNumber | None = None


class Canvas(Wire):
    """A named board of functions."""

    id: str
    name: str
    description: str | None
    order: int
    function_count: int
    version: int
    created_at: Time
    updated_at: Time


class NewBlock(Wire):
    """A block as a client sends it: only its type is needed."""

    id: FlowId | None = None
    type: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    name: Name | None = None
    config: dict[str, Any] = Field(default_factory=dict)
    position: Position | None = None
    disabled: Flag = False
    policy: Policy | None = None


class NewEdge(Wire):
    """An edge as a client sends it: only its ends are needed."""

    id: FlowId | None = None
    source: FlowId
    source_port: Annotated[str, StringConstraints(min_length=1, max_length=64)] = "out"
    target: FlowId
    target_port: Annotated[str, StringConstraints(min_length=1, max_length=64)] = "in"


class NewFlow(Wire):
    """A flow as a client sends it."""

    blocks: tuple[NewBlock, ...] = ()
    edges: tuple[NewEdge, ...] = ()
    variables: dict[str, Any] = Field(default_factory=dict)
    notes: tuple[dict[str, Any], ...] = ()
    groups: tuple[dict[str, Any], ...] = ()


class NewFunction(Wire):
    """Body of POST /functions; without `canvasId` it goes to the workspace's default canvas."""

    name: Name
    canvas_id: str | None = None
    description: Description | None = None
    flow: NewFlow | None = None


class FunctionChange(Wire):
    """Body of PUT F: what is sent is changed, null clears."""

    name: Name | None = None
    description: Description | None = None
    flow: NewFlow | None = None
    status: Status | None = None
    expected_version: WholeNumber | None = None


class BreakpointIn(Wire):
    """A breakpoint as a client sets it."""

    block_id: FlowId
    when: Literal["before", "after"] = "before"
    condition: Expression | None = None
    hit_count: WholeNumber | None = Field(default=None, ge=1)
    log_message: Expression | None = None
    enabled: Flag = True


class BreakpointsChange(Wire):
    """Body of PUT F/breakpoints: whole breakpoints, or only the ids of the blocks to stop before."""

    breakpoints: tuple[BreakpointIn, ...] | None = None
    block_ids: tuple[FlowId, ...] | None = None


class Breakpoint(BreakpointIn):
    """A breakpoint of a function."""


class Card(Wire):
    """How a block shows itself: one line in words, and the output ports that its config gives it."""

    text: str
    outputs: tuple[dict[str, Any], ...]


class Function(Wire):
    """A flow with a name, a status and numbered versions. GET one has `flow` and `cards` (by block id)."""

    id: str
    canvas_id: str
    name: str
    description: str | None
    status: Status
    version: int
    breakpoints: tuple[Breakpoint, ...]
    created_at: Time
    updated_at: Time
    updated_by: str | None


class FunctionWithFlow(Function):
    """One function with its flow."""

    flow: Flow
    cards: dict[str, Card]


class CanvasWithFunctions(Canvas):
    """One canvas with its functions."""

    functions: tuple[Function, ...]


class ToValidate(Wire):
    """Body of POST /validate: a flow, or the id of a function."""

    flow: NewFlow | None = None
    function_id: str | None = None
