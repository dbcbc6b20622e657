"""Wire shapes of canvases, functions, breakpoints and validation requests."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, Union

from pydantic import AfterValidator, Field, StringConstraints, create_model

from workbench.base.times import Time
from workbench.base.wire import Flag, Id, WholeNumber, Wire
from workbench.flow.commands import COMMANDS, NewBlock, Status
from workbench.flow.model import Flow, FlowId, Name, no_control_characters

Description: TypeAlias = Annotated[str, StringConstraints(max_length=10_000)]
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
    canvas_id: Id | None = None
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
    function_id: Id | None = None


# Commands, their history, versions


def _command(name: str, payload: type[Wire]) -> type[Wire]:
    """A command on the wire: its payload names the function, and says the version that it was made on if it likes."""
    made: Any = create_model
    told = made(f"{payload.__name__}Payload", __base__=payload, __doc__=payload.__doc__, function_id=(Id, ...))
    return made(
        f"{payload.__name__}Command",
        __base__=Wire,
        __doc__=payload.__doc__,
        type=(Literal[name], ...),
        payload=(told, ...),
        expected_version=(WholeNumber | None, None),
    )


CommandIn: TypeAlias = Annotated[
    Union[tuple(_command(name, payload) for name, payload in COMMANDS.items())],  # type: ignore[valid-type]  # noqa: UP007
    Field(discriminator="type"),
]
MOST_COMMANDS = 1000


class Batch(Wire):
    """Body of POST /commands/batch: all or none, and one undo takes all back.

    An id that an earlier command of the batch made (or named) is ``$n``, n its place: of a block, an edge, a note or a
    group, also in the `blockIds` of notes and groups.
    """

    commands: tuple[CommandIn, ...] = Field(min_length=1, max_length=MOST_COMMANDS)
    message: Annotated[str, StringConstraints(max_length=1000)] | None = None


class CommandResult(Wire):
    """What one command of a batch did."""

    index: int
    type: str
    block_id: str | None = None
    edge_id: str | None = None
    note_id: str | None = None
    group_id: str | None = None


class BatchResult(Wire):
    """What a batch did: one group in the history, and the functions' new versions."""

    group_id: str | None
    label: str | None
    versions: dict[str, int]
    results: tuple[CommandResult, ...] = ()


class TakeBack(Wire):
    """Body of undo and redo; without `functionId`, the caller's last change anywhere.

    `groupId` takes back that one, whatever came after it, unless a later change stands in the way.
    """

    function_id: Id | None = None
    group_id: Id | None = None
    expected_version: WholeNumber | None = None


class TakeBackTo(TakeBack):
    """Body of undo. `toGroupId` takes back that change and all of its function that came after it and stands, the
    newest first, all or none; each can be made again.
    """

    to_group_id: Id | None = None


class CommandEntry(Wire):
    """One command of the history. An undo or a redo is one too; `ofGroup` is the group that it is about."""

    id: str
    function_id: str
    type: str
    payload: dict[str, Any]
    author: str
    origin: str
    version: int
    position: int
    group_id: str
    label: str
    kind: Literal["command", "undo", "redo", "restore", "import"]
    of_group: str | None
    undone: bool
    created_at: Time


class Version(Wire):
    """One version of a function."""

    number: int
    author: str | None
    source: str | None
    message: str | None
    created_at: Time


class RestoreVersion(Wire):
    """Body of POST F/versions/{n}/restore."""

    message: Annotated[str, StringConstraints(max_length=1000)] | None = None
    expected_version: WholeNumber | None = None


# Snapshots

Tag: TypeAlias = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=50),
    AfterValidator(no_control_characters),
]


class NewSnapshot(Wire):
    """Body of POST F/snapshots."""

    name: Name
    description: Description | None = None
    tags: tuple[Tag, ...] = Field(default=(), max_length=20)


class SnapshotTags(Wire):
    """Body of PUT N/tags: the tags from now on."""

    tags: tuple[Tag, ...] = Field(max_length=20)


class SnapshotFavorite(Wire):
    """Body of POST N/favorite; without it the mark is turned over."""

    is_favorite: Flag | None = None


class Snapshot(Wire):
    """A named copy of a function's flow; `version` is the function's version that it was made of."""

    id: str
    function_id: str
    name: str
    description: str | None
    tags: tuple[str, ...]
    is_favorite: bool
    version: int
    author: str
    created_at: Time


class SnapshotWithFlow(Snapshot):
    """One snapshot with its flow."""

    flow: Flow


# Copies, order and figures


class CanvasCopy(Wire):
    """Body of POST C/duplicate; without a name it is called like the canvas with “(copy)” behind."""

    name: Name | None = None


class FunctionCopy(Wire):
    """Body of POST F/duplicate."""

    name: Name | None = None


class FunctionClone(Wire):
    """Body of POST F/clone: a copy on another canvas, with fresh block and edge ids."""

    target_canvas_id: Id
    name: Name | None = None


class CanvasOrder(Wire):
    """Body of PUT /canvases/reorder: every canvas of the workspace, in the order wanted."""

    canvas_ids: tuple[Id, ...]


class Quantiles(Wire):
    """Quantiles of a duration in milliseconds; null where nothing was measured."""

    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None


class CanvasStats(Wire):
    """How a canvas's functions fare. `successRate` is completed / finished, null before anything finished."""

    function_count: int
    run_counts: dict[str, int]
    success_rate: float | None
    duration_ms: Quantiles
    queue_ms: Quantiles
