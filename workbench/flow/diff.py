"""What differs between two flows, told for people: moved apart from changed, fields with before and after, lines."""

from __future__ import annotations

import difflib
from typing import Any, Literal

from pydantic import Field

from workbench.base.wire import Json, Wire
from workbench.flow.changes import same
from workbench.flow.model import Block, Edge, Flow, Position

LINES_FROM = 2
"""Texts with at least so many lines, on either side, are told line by line."""
CONTEXT_LINES = 3
MOST_LINES = 2000


class Line(Wire):
    """One line of a text: it stayed, was added or removed, or stands for lines left out between."""

    sign: Literal[" ", "+", "-", "…"]
    text: str


class FieldDiff(Wire):
    """One field of a block: ``config.code``, ``name``, ``policy``…; `lines` for texts of several lines."""

    field: str
    before: Json = None
    after: Json = None
    lines: tuple[Line, ...] | None = None


class BlockDiff(Wire):
    """A block that does something else now."""

    id: str
    name: str
    fields: tuple[FieldDiff, ...]


class Moved(Wire):
    """A block that only stands somewhere else."""

    id: str
    name: str
    before: Position
    after: Position


class BlocksDiff(Wire):
    """Blocks by what became of them."""

    added: tuple[Block, ...]
    removed: tuple[Block, ...]
    moved: tuple[Moved, ...]
    changed: tuple[BlockDiff, ...]


class EdgeChange(Wire):
    """An edge with other ends."""

    id: str
    before: Edge
    after: Edge


class EdgesDiff(Wire):
    """Edges by what became of them."""

    added: tuple[Edge, ...]
    removed: tuple[Edge, ...]
    changed: tuple[EdgeChange, ...]


class ValueDiff(Wire):
    """A named value: a variable, or the function's name, description or status."""

    name: str
    before: Json = None
    after: Json = None


class Diff(Wire):
    """From one flow to another. `layout` names notes or groups that differ; `function` what differs outside."""

    from_: int | None = Field(default=None, alias="from")
    to: int | None = None
    blocks: BlocksDiff
    edges: EdgesDiff
    variables: tuple[ValueDiff, ...]
    layout: tuple[str, ...] = ()
    function: tuple[ValueDiff, ...] = ()
    is_empty: bool = True


def diff(
    before: Flow,
    after: Flow,
    numbers: tuple[int | None, int | None] = (None, None),
    heads: tuple[dict[str, Any], dict[str, Any]] = ({}, {}),
) -> Diff:
    """What makes `after` of `before`. `numbers` are their versions, `heads` the functions' names and so on."""
    was, now = {b.id: b for b in before.blocks}, {b.id: b for b in after.blocks}
    both = [(was[i], b) for i, b in now.items() if i in was]
    blocks = BlocksDiff(
        added=tuple(b for i, b in now.items() if i not in was),
        removed=tuple(b for i, b in was.items() if i not in now),
        moved=tuple(
            Moved(id=b.id, name=b.name, before=a.position, after=b.position)
            for a, b in both
            if a.position != b.position
        ),
        changed=tuple(
            BlockDiff(id=b.id, name=b.name, fields=fields) for a, b in both if (fields := _block_fields(a, b))
        ),
    )
    edges = _edges(before, after)
    variables = _values(before.variables, after.variables)
    layout = tuple(f for f in ("notes", "groups") if list(getattr(before, f)) != list(getattr(after, f)))
    function = _values(*heads)
    parts = (*vars(blocks).values(), *vars(edges).values(), variables, layout, function)
    return Diff.model_validate(
        {
            "from": numbers[0],
            "to": numbers[1],
            "blocks": blocks,
            "edges": edges,
            "variables": variables,
            "layout": layout,
            "function": function,
            "is_empty": not any(parts),
        }
    )


def _edges(before: Flow, after: Flow) -> EdgesDiff:
    was, now = {e.id: e for e in before.edges}, {e.id: e for e in after.edges}
    return EdgesDiff(
        added=tuple(e for i, e in now.items() if i not in was),
        removed=tuple(e for i, e in was.items() if i not in now),
        changed=tuple(EdgeChange(id=i, before=was[i], after=e) for i, e in now.items() if i in was and was[i] != e),
    )


def _block_fields(a: Block, b: Block) -> tuple[FieldDiff, ...]:
    fields = [
        _field(name, getattr(a, name), getattr(b, name))
        for name in ("name", "type", "disabled")
        if getattr(a, name) != getattr(b, name)
    ]
    fields += [_field(f"config.{value.name}", value.before, value.after) for value in _values(a.config, b.config)]
    if a.policy != b.policy:
        was, now = (p.to_wire() if p is not None else None for p in (a.policy, b.policy))
        fields.append(_field("policy", was, now))
    return tuple(fields)


def _field(name: str, before: Any, after: Any) -> FieldDiff:
    lines = None
    if isinstance(before, str) and isinstance(after, str):
        lines = line_diff(before, after)
    return FieldDiff(field=name, before=before, after=after, lines=lines)


def _values(before: dict[str, Any], after: dict[str, Any]) -> tuple[ValueDiff, ...]:
    names = [*after, *(n for n in before if n not in after)]
    return tuple(
        ValueDiff(name=n, before=before.get(n), after=after.get(n))
        for n in names
        if (n in before) != (n in after) or not same(before[n], after[n])
    )


def line_diff(before: str, after: str) -> tuple[Line, ...] | None:
    """Texts of several lines compared line by line, with a few lines around; None for short or too long ones."""
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) < LINES_FROM or len(old) + len(new) > MOST_LINES:
        return None
    lines: list[Line] = []
    groups = difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT_LINES)
    for at, group in enumerate(groups):
        if at or group[0][1] > 0:
            lines.append(Line(sign="…", text=""))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                lines += [Line(sign=" ", text=t) for t in old[i1:i2]]
                continue
            lines += [Line(sign="-", text=t) for t in old[i1:i2]]
            lines += [Line(sign="+", text=t) for t in new[j1:j2]]
    return tuple(lines)
