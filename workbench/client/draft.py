"""Edits of a flow as values, and the flow after them: what lets edits be made again on a newer version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from workbench.client.catalogue import BlockCatalogue
from workbench.flow.handles import handle
from workbench.flow.layout import arrange, completed
from workbench.flow.model import Flow, Position
from workbench.flow.renaming import rename_block


@dataclass(frozen=True, slots=True)
class PutBlock:
    """A block of this name is of this type with this config; a new one gets this id."""

    id: str
    type: str
    name: str
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChangeBlock:
    """These fields of a block change; those of its config are merged."""

    id: str
    config: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RenameBlock:
    """A block gets another name, and expressions follow."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class RemoveBlock:
    """A block goes, with its wires."""

    id: str


@dataclass(frozen=True, slots=True)
class PutEdge:
    """There is a wire."""

    source: str
    source_port: str
    target: str
    target_port: str

    def is_edge(self, edge: Mapping[str, Any]) -> bool:
        """Whether this edge on the wire is it."""
        return (edge["source"], edge["sourcePort"], edge["target"], edge["targetPort"]) == (
            self.source,
            self.source_port,
            self.target,
            self.target_port,
        )


@dataclass(frozen=True, slots=True)
class RemoveEdge(PutEdge):
    """There is no such wire."""


@dataclass(frozen=True, slots=True)
class SetVariables:
    """The flow's variables."""

    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeepOnly:
    """What is not named goes: these blocks and these wires are the flow."""

    blocks: frozenset[str]
    edges: frozenset[PutEdge]


@dataclass(frozen=True, slots=True)
class LayOut:
    """Blocks stand here (by id), and these notes, groups and ids of wires (in their order) are the flow's, if said."""

    places: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    notes: Sequence[Mapping[str, Any]] | None = None
    groups: Sequence[Mapping[str, Any]] | None = None
    wire_ids: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class PutFlow:
    """This is the whole flow."""

    flow: Mapping[str, Any]


Edit: TypeAlias = (
    PutBlock
    | ChangeBlock
    | RenameBlock
    | RemoveBlock
    | PutEdge
    | RemoveEdge
    | SetVariables
    | KeepOnly
    | LayOut
    | PutFlow
)
PLACED = "placed"
"""The key by which a flow under edit says that where its blocks stand was said, and is not to be decided."""


def edited(flow: Mapping[str, Any], edits: Iterable[Edit], catalogue: BlockCatalogue) -> dict[str, Any]:
    """The flow (as on the wire) after these edits. Edits of blocks that are gone do nothing.

    Blocks are known by id, and a `PutBlock` by its name where no block has its id: the same cell run twice makes one
    block. Raises InvalidInput from a rename that cannot be.
    """
    work = _Work(flow, catalogue)
    for edit in edits:
        work.apply(edit)
    return work.flow


class _Work:
    def __init__(self, flow: Mapping[str, Any], catalogue: BlockCatalogue) -> None:
        self.flow: dict[str, Any] = {
            **flow,
            "blocks": [dict(b) for b in flow.get("blocks", ())],
            "edges": [dict(e) for e in flow.get("edges", ())],
        }
        self._catalogue = catalogue
        self._same: dict[str, str] = {}
        """Ids of blocks that were there under the same name."""

    def apply(self, edit: Edit) -> None:
        match edit:
            case PutBlock():
                self._put(edit)
            case RemoveEdge():
                edge = self._resolved(edit)
                self.flow["edges"] = [e for e in self.flow["edges"] if not edge.is_edge(e)]
            case PutEdge():
                self._wire(self._resolved(edit))
            case SetVariables():
                self.flow["variables"] = dict(edit.variables)
            case KeepOnly():
                self._keep(edit)
            case LayOut():
                self._lay_out(edit)
            case PutFlow():
                self.flow = {**self.flow, **edit.flow, PLACED: True}
            case _:
                self._change(edit)

    def _find(self, block_id: str) -> dict[str, Any] | None:
        known = self._same.get(block_id, block_id)
        return next((b for b in self.flow["blocks"] if b["id"] == known), None)

    def _put(self, edit: PutBlock) -> None:
        block = self._find(edit.id)
        if block is None:
            block = next((b for b in self.flow["blocks"] if handle(b["name"]) == handle(edit.name)), None)
            if block is not None:
                self._same[edit.id] = block["id"]
        if block is None:
            block = dict[str, Any](id=edit.id)
            self.flow["blocks"].append(block)
        block.update(type=edit.type, name=edit.name, config=dict(edit.config))

    def _change(self, edit: Edit) -> None:
        block = self._find(edit.id) if isinstance(edit, ChangeBlock | RenameBlock | RemoveBlock) else None
        if block is None:
            return
        if isinstance(edit, ChangeBlock):
            block.update(edit.fields)
            config = {**block["config"], **edit.config}
            block["config"] = {n: v for n, v in config.items() if v is not None or n not in edit.config}
        elif isinstance(edit, RenameBlock):
            renamed = rename_block(model_of(self.flow), block["id"], edit.name, self._catalogue)
            for mine, theirs in zip(self.flow["blocks"], renamed.blocks, strict=True):
                mine["name"], mine["config"] = theirs.name, theirs.config
        else:
            self.flow["blocks"].remove(block)
            self.flow["edges"] = [e for e in self.flow["edges"] if block["id"] not in (e["source"], e["target"])]

    def _resolved(self, edge: PutEdge) -> PutEdge:
        source, target = self._same.get(edge.source, edge.source), self._same.get(edge.target, edge.target)
        return PutEdge(source, edge.source_port, target, edge.target_port)

    def _wire(self, edge: PutEdge) -> None:
        if any(edge.is_edge(e) for e in self.flow["edges"]):
            return
        if self._find(edge.source) is None or self._find(edge.target) is None:
            return
        self.flow["edges"].append(
            {
                "id": edge_id(edge, {e["id"] for e in self.flow["edges"]}),
                "source": edge.source,
                "sourcePort": edge.source_port,
                "target": edge.target,
                "targetPort": edge.target_port,
            }
        )

    def _lay_out(self, edit: LayOut) -> None:
        for block_id, (x, y) in edit.places.items():
            block = self._find(block_id)
            if block is not None:
                block["position"] = {"x": float(x), "y": float(y)}
        self.flow[PLACED] = self.flow.get(PLACED) or bool(edit.places)
        for name in ("notes", "groups"):
            told = getattr(edit, name)
            if told is not None:
                self.flow[name] = [dict(each) for each in told]
        if edit.wire_ids is not None and len(edit.wire_ids) == len(self.flow["edges"]):
            for edge, wire_id in zip(self.flow["edges"], edit.wire_ids, strict=True):
                edge["id"] = wire_id

    def _keep(self, edit: KeepOnly) -> None:
        blocks = {self._same.get(b, b) for b in edit.blocks}
        edges = [self._resolved(e) for e in edit.edges]
        self.flow["blocks"] = [b for b in self.flow["blocks"] if b["id"] in blocks]
        self.flow["edges"] = [e for e in self.flow["edges"] if any(kept.is_edge(e) for kept in edges)]


def edge_id(edge: PutEdge, taken: set[str]) -> str:
    """The id of a new wire, made of what it joins."""
    stem = "-".join(part[:14] for part in (edge.source, edge.source_port, edge.target) if part != "out")[:56]
    number, name = 2, stem
    while name in taken:
        name, number = f"{stem}-{number}", number + 1
    return name


def free_id(name: str, taken: set[str]) -> str:
    """The id of a new block, made of its name."""
    stem = "".join(c for c in handle(name) if c.isascii())[:48].strip("_") or "block"
    number, found = 2, stem
    while found in taken:
        found, number = f"{stem}_{number}", number + 1
    return found


def model_of(flow: Mapping[str, Any]) -> Flow:
    """A flow on the wire as the language's value."""
    return Flow.model_validate({k: v for k, v in flow.items() if k in Flow.model_fields})


def placed(before: Mapping[str, Any], after: dict[str, Any], catalogue: BlockCatalogue) -> dict[str, Any]:
    """`after` with a place for its new blocks.

    Where nobody has moved a block by hand, all are laid out anew (by the server: positions are left out); otherwise
    new ones stand beside the block that they come from, and the others stay.
    """
    has_same_shape = {b["id"] for b in before["blocks"]} == {b["id"] for b in after["blocks"]}
    if has_same_shape and not after.get(PLACED) and _wires(before) == _wires(after):
        return after
    if not after.get(PLACED) and is_laid_out(model_of(before), catalogue):
        return {**after, "blocks": [{k: v for k, v in b.items() if k != "position"} for b in after["blocks"]]}
    spots = {b["id"]: Position.model_validate(b["position"]) for b in after["blocks"] if "position" in b}
    whole = completed(model_of(after), spots, catalogue)
    blocks = [{**told, "position": b.position.to_wire()} for told, b in zip(after["blocks"], whole.blocks, strict=True)]
    return {**after, "blocks": blocks}


def _wires(flow: Mapping[str, Any]) -> set[tuple[str, str, str, str]]:
    return {(e["source"], e["sourcePort"], e["target"], e["targetPort"]) for e in flow["edges"]}


def is_laid_out(flow: Flow, catalogue: BlockCatalogue) -> bool:
    """Whether every block stands where a layout puts it: nobody has moved one by hand."""
    laid_out = arrange(flow, catalogue)
    return all(a.position == b.position for a, b in zip(flow.blocks, laid_out.blocks, strict=True))
