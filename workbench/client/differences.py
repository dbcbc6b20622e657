"""What differs between two flows, readable: as text with signs, as HTML with signs and colours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, NamedTuple

from workbench.client.values import short_text
from workbench.flow.drawing import palette

SIGNS = {"+": palette.SUCCESS, "-": palette.ERROR, "~": palette.WARN, ">": palette.INFO}
MOST_NAMES = 8


class Row(NamedTuple):
    """One difference: a sign, what it is about, and the lines below it (sign and text)."""

    sign: str
    text: str
    below: tuple[tuple[str, str], ...] = ()


class Diff(Mapping[str, Any]):
    """As the API tells it (see `Diff` in the REST API), and readable at a cell's end. False when nothing differs."""

    def __init__(self, told: Mapping[str, Any], name: str, block_names: Mapping[str, str]) -> None:
        """`block_names` are those of blocks that are in neither list of the diff, by id."""
        self._told = told
        self._name = name
        blocks = told["blocks"]
        known = (b for part in ("added", "removed", "moved", "changed") for b in blocks[part])
        self._names = {**block_names, **{b["id"]: b["name"] for b in known}}

    def __getitem__(self, key: str) -> Any:
        return self._told[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)

    def __bool__(self) -> bool:
        return not self._told["isEmpty"]

    @property
    def title(self) -> str:
        """What was compared."""
        numbers = [f"v{n}" if n is not None else "the bundle" for n in (self._told["from"], self._told["to"])]
        return f"“{self._name}” {' → '.join(numbers)}"

    def rows(self) -> list[Row]:
        """Every difference, in the order in which people read them."""
        return [*self._heads(), *self._blocks(), *self._edges(), *self._rest()]

    def _heads(self) -> Iterator[Row]:
        for field in self._told["function"]:
            yield Row("~", _change(field["name"], field))

    def _blocks(self) -> Iterator[Row]:
        blocks = self._told["blocks"]
        for block in blocks["added"]:
            yield Row("+", f"block “{block['name']}” ({block['type']})")
        for block in blocks["removed"]:
            yield Row("-", f"block “{block['name']}” ({block['type']})")
        for block in blocks["changed"]:
            below: list[tuple[str, str]] = []
            for field in block["fields"]:
                name = field["field"].removeprefix("config.")
                if field.get("lines"):
                    below += [(" ", f"{name}:"), *((line["sign"], line["text"]) for line in field["lines"])]
                else:
                    below.append((" ", _change(name, field)))
            yield Row("~", f"block “{block['name']}”", tuple(below))

    def _edges(self) -> Iterator[Row]:
        edges = self._told["edges"]
        for edge in edges["added"]:
            yield Row("+", f"wire {self._wire(edge)}")
        for edge in edges["removed"]:
            yield Row("-", f"wire {self._wire(edge)}")
        for edge in edges["changed"]:
            yield Row("~", f"wire {self._wire(edge['before'])} became {self._wire(edge['after'])}")

    def _rest(self) -> Iterator[Row]:
        for variable in self._told["variables"]:
            yield Row("~", _change(f"variable {variable['name']}", variable))
        moved = [f"“{b['name']}”" for b in self._told["blocks"]["moved"]]
        if moved:
            more = f" and {len(moved) - MOST_NAMES} more" if len(moved) > MOST_NAMES else ""
            yield Row(">", f"only moved: {', '.join(moved[:MOST_NAMES])}{more}")
        for part in self._told["layout"]:
            yield Row(">", f"{part} changed")

    def _wire(self, edge: Mapping[str, Any]) -> str:
        source, target = (self._names.get(edge[end], edge[end]) for end in ("source", "target"))
        port = "" if edge["sourcePort"] == "out" else f".{edge['sourcePort']}"
        into = "" if edge["targetPort"] == "in" else f".{edge['targetPort']}"
        return f"“{source}”{port} → “{target}”{into}"

    def __repr__(self) -> str:
        if not self:
            return f"{self.title}: nothing differs"
        lines = [self.title]
        for row in self.rows():
            lines.append(f"{row.sign} {row.text}")
            lines += [f"    {sign} {text}".rstrip() for sign, text in row.below]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from workbench.client.showing.tables import heading, note

        if not self:
            return heading(escape(self.title)) + note("Nothing differs.")
        return heading(escape(self.title)) + "".join(map(_html, self.rows()))


def _change(name: str, field: Mapping[str, Any]) -> str:
    before, after = field.get("before"), field.get("after")
    return f"{name}: {short_text(before, 80)} → {short_text(after, 80)}"


def _html(row: Row) -> str:
    colour = SIGNS[row.sign]
    below = ""
    if row.below:
        lines = "".join(
            f'<div style="color:{SIGNS.get(sign, palette.FAINT_INK)}">{escape(f"{sign} {text}")}</div>'
            for sign, text in row.below
        )
        font = "font-family:var(--jp-code-font-family, monospace);white-space:pre-wrap;font-size:11px"
        below = f'<div style="{font};margin:0 0 4px 20px">{lines}</div>'
    sign = f'<b style="display:inline-block;width:16px;color:{colour}">{escape(row.sign)}</b>'
    return f'<div style="font-size:12px;color:{palette.INK}">{sign}{escape(row.text)}</div>{below}'
