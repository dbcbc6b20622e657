"""Wire shapes of export and import."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import Field

from workbench.base.wire import Id, Wire
from workbench.flow.bundles.form import MOST_CANVASES, MOST_FUNCTIONS
from workbench.flow.diff import Diff
from workbench.flow.model import Name

Strategy: TypeAlias = Literal["skip", "update", "create"]
Action: TypeAlias = Literal["create", "update", "skip", "error"]


class ToExport(Wire):
    """Body of POST /export: functions, or a canvas with all of its functions."""

    function_ids: tuple[Id, ...] | None = Field(default=None, min_length=1, max_length=MOST_FUNCTIONS)
    canvas_id: Id | None = None


class Override(Wire):
    """What is to be done with one item, whatever the strategy says."""

    action: Strategy | None = None
    name: Name | None = None
    """The name here, instead of the bundle's."""
    target_id: Id | None = None
    """The canvas or function here that the item is, instead of the one that is found."""


class ToImport(Wire):
    """Body of POST /import and of its preview.

    `conflictStrategy` says what is done with an item that is here already (found by its id, else by canvas and name);
    what is not here is made. `overrides` are by the item's `sourceId`.
    """

    bundle: dict[str, Any]
    target_canvas_id: Id | None = None
    conflict_strategy: Strategy = "skip"
    overrides: dict[str, Override] = Field(default_factory=dict, max_length=MOST_FUNCTIONS + MOST_CANVASES)
    message: str | None = Field(default=None, max_length=1000)


class ItemIssue(Wire):
    """One thing about an item: why it cannot be imported, or what to look after when it is."""

    field: str
    issue: str


class ImportItem(Wire):
    """One canvas or function of a bundle, and what is done with it. `reason` says why, in words."""

    kind: Literal["canvas", "function"]
    source_id: str
    name: str
    action: Action
    reason: str
    target_id: str | None = None
    diff: Diff | None = None
    issues: tuple[ItemIssue, ...] = ()


class ImportPreview(Wire):
    """What an import would do. `counts` by action; it would be refused while one is an error."""

    items: tuple[ImportItem, ...]
    counts: dict[Action, int]


class ImportResult(ImportPreview):
    """What an import did. `idMap` says what each item of the bundle is here; `groupId` takes its updates back."""

    id_map: dict[str, str]
    group_id: str | None
