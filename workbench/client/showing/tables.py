"""Tables in HTML, and lists that show themselves as one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any

from workbench.client.times import second_of
from workbench.client.values import short_text
from workbench.flow.drawing import palette

Columns = Mapping[str, Callable[[Any], Any]]

CELL = f"padding:2px 12px 2px 0;text-align:left;vertical-align:top;border-bottom:1px solid {palette.FAINT_LINE}"
HEAD = f"{CELL};font-weight:600;color:{palette.FAINT_INK}"
TABLE = f"border-collapse:collapse;font-size:12px;color:{palette.INK};margin:4px 0"


def grid(heads: Sequence[str], rows: Iterable[Sequence[Any]], *, numbers: Iterable[int] = ()) -> str:
    """A table; columns whose index is in `numbers` stand to the right."""
    right = set(numbers)

    def side(index: int) -> str:
        return ";text-align:right" if index in right else ""

    top = "".join(f'<th style="{HEAD}{side(i)}">{escape(head)}</th>' for i, head in enumerate(heads))
    body = "".join(
        "<tr>" + "".join(f'<td style="{CELL}{side(i)}">{cell(v)}</td>' for i, v in enumerate(row)) + "</tr>"
        for row in rows
    )
    return f'<table style="{TABLE}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def cell(value: Any) -> str:
    """One value, safe in HTML; `Html` as it is."""
    if isinstance(value, Html):
        return value
    if value is None:
        return f'<span style="color:{palette.FAINT_INK}">–</span>'
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, float):
        return f"{value:,.6g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return escape(short_text(value, 80))


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def heading(html: str) -> str:
    """A line over something."""
    return f'<div style="font-weight:600;color:{palette.INK};margin:2px 0">{html}</div>'


def prose(text: str) -> str:
    """A sentence as HTML: what stands between backticks is code."""
    parts = escape(text).split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


def note(text: str) -> str:
    """A quiet line."""
    return f'<div style="font-size:11px;color:{palette.FAINT_INK};margin:2px 0">{escape(text)}</div>'


def fields_table(fields: Mapping[str, Any]) -> str:
    """Names and values of an object."""
    rows = [(n, v if isinstance(v, str) else json.dumps(v, ensure_ascii=False)) for n, v in fields.items()]
    return grid(("field", "value"), rows) if rows else note("nothing set")


def shown_value(value: Any, rows: int = 5, columns: int = 8) -> str:
    """A value as it stands in an answer of the API: a table's first rows, an object's fields, or text."""
    if isinstance(value, dict) and set(value) == {"$table"}:
        table = value["$table"]
        names = [c["name"] for c in table["columns"]]
        first = [[row.get(n) for n in names[:columns]] for row in table["preview"][:rows]]
        kinds = [c["type"] for c in table["columns"][:columns]]
        numbers = [i for i, kind in enumerate(kinds) if kind.startswith(("Int", "UInt", "Float", "Decimal"))]
        more = f"{table['rows']:,} rows × {len(names)} columns"
        return grid(names[:columns], first, numbers=numbers) + note(more)
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value[:rows]):
        names = list(dict.fromkeys(name for row in value[:rows] for name in row))[:columns]
        return grid(names, [[row.get(n) for n in names] for row in value[:rows]]) + note(f"{len(value):,} items")
    if isinstance(value, dict) and value and set(value) != {"$value"}:
        return grid(("field", "value"), [(n, short_text(v, 100)) for n, v in list(value.items())[:12]])
    return f"<code>{escape(short_text(value, 200))}</code>"


class Listed(list[Any]):
    """A list that shows itself as a table, with a line on how to get more."""

    def __init__(self, items: Iterable[Any], columns: Columns, more: str) -> None:
        super().__init__(items)
        self._columns = columns
        self._more = more

    def __repr__(self) -> str:
        if not self:
            return "[]"
        return "[" + ",\n ".join(repr(item) for item in self) + "]"

    def _repr_html_(self) -> str:
        if not self:
            return note(f"Nothing yet: {self._more}.")
        rows = [[column(item) for column in self._columns.values()] for item in self]
        return grid(list(self._columns), rows) + note(self._more)


RUN_COLUMNS: Columns = {
    "function": lambda r: f"{r.function_name} v{r.version}",
    "status": lambda r: r.status,
    "attempt": lambda r: r.attempt,
    "started by": lambda r: r._told["trigger"].get("type"),  # noqa: SLF001 - its own list
    "created": lambda r: second_of(r._told["createdAt"]),  # noqa: SLF001
    "queue ms": lambda r: r._told["queueMs"],  # noqa: SLF001
    "run ms": lambda r: r._told["runMs"],  # noqa: SLF001
    "error": lambda r: (r._told["error"] or {}).get("message", ""),  # noqa: SLF001
}
