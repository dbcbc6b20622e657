"""Bundles in Python: out to a file, in again, and what an import does as a table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from workbench.base.errors import InvalidInput, WorkbenchError
from workbench.client.differences import Diff
from workbench.client.errors import short
from workbench.client.faces import BenchFace
from workbench.flow.bundles.files import from_text, to_text

READABLE = ".flow.json"


class Bundle(Mapping[str, Any]):
    """Functions and their canvases as one document; see the REST API for its parts."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._told = told

    def __getitem__(self, key: str) -> Any:
        return self._told[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)

    def save(self, path: str | Path) -> Path:
        """Write it to a file. A ``.flow.json`` is for git and for people: a line a line of code, without a checksum."""
        file = Path(path)
        if file.suffix != ".json":
            raise short(InvalidInput(f"A bundle is JSON: {file} is not called so.", hint="Name it .flow.json."))
        is_readable = file.name.endswith(READABLE)
        text = to_text(self._told) if is_readable else json.dumps(self._told, ensure_ascii=False, sort_keys=True)
        file.write_text(text, encoding="utf-8", newline="\n")
        return file

    def __repr__(self) -> str:
        names = [f"“{f['name']}”" for f in self._told["functions"]]
        shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        outside = len(self._told.get("references", ()))
        more = f"; {outside} called function{'' if outside == 1 else 's'} not in it" if outside else ""
        return f"Bundle of {len(names)} function{'' if len(names) == 1 else 's'}: {shown}{more}"

    def _repr_html_(self) -> str:
        from workbench.client.showing.tables import grid, heading, note

        canvases = {c["id"]: c["name"] for c in self._told.get("canvases", ())}
        rows = [
            (f["name"], canvases.get(f.get("canvasId"), ""), f["status"], len(f["blocks"]))
            for f in self._told["functions"]
        ]
        table = grid(("function", "canvas", "status", "blocks"), rows, numbers=(3,))
        return heading("Bundle") + table + note("bundle.save(path) writes it, bench.import_(…) reads it")


def read_bundle(source: Any) -> Any:
    """A bundle from a file, or as it is. Raises InvalidInput for a file that cannot be read."""
    if isinstance(source, Bundle):
        return dict(source)
    if not isinstance(source, str | Path):
        return source
    try:
        return from_text(Path(source).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        hint = error.hint if isinstance(error, WorkbenchError) else None
        raise short(InvalidInput(f"Cannot read a bundle from {source}: {error}", hint=hint)) from None


def wire_key(name: str) -> str:
    """The wire's name of an override's field: ``target_id`` is ``targetId``."""
    return "targetId" if name == "target_id" else name


class ImportTable(Mapping[str, Any]):
    """What an import did, or would do, item by item."""

    def __init__(self, bench: BenchFace, told: Mapping[str, Any], *, is_preview: bool) -> None:
        self._bench = bench
        self._told = told
        self.is_preview = is_preview

    def __getitem__(self, key: str) -> Any:
        return self._told[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)

    @property
    def counts(self) -> dict[str, int]:
        """How many items by action: ``create``, ``update``, ``skip``, ``error``."""
        return dict(self._told["counts"])

    @property
    def functions(self) -> list[Any]:
        """The functions that the items are here; none after a preview."""
        ids = self._told.get("idMap", {})
        wanted = [i["sourceId"] for i in self._told["items"] if i["kind"] == "function"]
        return [self._bench.function_of(ids[i]) for i in wanted if i in ids]

    def diff(self, name: str) -> Diff | None:
        """What differs between the item of this name (or source id) and what is here; None for what is new."""
        for item in self._told["items"]:
            if name in (item["name"], item["sourceId"]) and item["kind"] == "function":
                return Diff(item["diff"], item["name"], {}) if item["diff"] else None
        raise short(InvalidInput(f"The bundle has no function “{name}”."))

    def undo(self) -> None:
        """Take its updates back; what it made stays."""
        if self._told.get("groupId"):
            self._bench.api.post("/commands/undo", {"groupId": self._told["groupId"]})
            for function in self.functions:
                function.reload()

    @property
    def title(self) -> str:
        """What it did, in a line."""
        verb = "would " if self.is_preview else ""
        counts = ", ".join(f"{count} {action}" for action, count in self._told["counts"].items() if count)
        return f"Import {verb}{'make' if verb else 'made'}: {counts or 'nothing'}"

    def rows(self) -> list[tuple[str, ...]]:
        """An item a row: kind, name, action, why, and what to look after."""
        return [
            (i["kind"], i["name"], i["action"], _what(i), "; ".join(f"{s['field']} {s['issue']}" for s in i["issues"]))
            for i in self._told["items"]
        ]

    def __repr__(self) -> str:
        lines = [self.title]
        for kind, name, action, what, issues in self.rows():
            lines.append(f"  {SIGNS[action]} {action} {kind} “{name}”: {what}")
            lines += [f"      ! {issues}"] if issues else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from workbench.client.showing.tables import grid, heading

        rows = [(f"{SIGNS[r[2]]} {r[2]}", *r[:2], *r[3:]) for r in self.rows()]
        return heading(escape(self.title)) + grid(("", "kind", "name", "why", "look after"), rows)


SIGNS = {"create": "+", "update": "~", "skip": "·", "error": "✕"}


def _what(item: Mapping[str, Any]) -> str:
    told = item["diff"]
    if not told or told["isEmpty"]:
        return item["reason"]
    parts = [(len(told["blocks"][kind]), kind) for kind in ("added", "removed", "changed", "moved")]
    wires = sum(len(told["edges"][kind]) for kind in ("added", "removed", "changed"))
    words = [f"{count} block{'' if count == 1 else 's'} {kind}" for count, kind in parts if count]
    words += [f"{wires} wire{'' if wires == 1 else 's'}"] if wires else []
    words += [f"variable {v['name']}" for v in told["variables"]] + [f["name"] for f in told["function"]]
    return f"{item['reason']} {', '.join([*words, *told['layout']])}".strip()
