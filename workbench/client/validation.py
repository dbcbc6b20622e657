"""What validation found, readable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from workbench.client.faces import FunctionFace


class Validation:
    """All that is wrong with a function; true when it may run."""

    def __init__(self, function: FunctionFace, told: Mapping[str, Any]) -> None:
        self._names = {b["id"]: b["name"] for b in function.flow["blocks"]}
        self._function = function.name
        self.errors: list[dict[str, Any]] = list(told["errors"])
        self.warnings: list[dict[str, Any]] = list(told["warnings"])

    @property
    def valid(self) -> bool:
        """Whether it may run."""
        return not self.errors

    def __bool__(self) -> bool:
        return self.valid

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter([*self.errors, *self.warnings])

    def __repr__(self) -> str:
        if not self.errors and not self.warnings:
            return f"“{self._function}” is valid."
        counts = f"{len(self.errors)} errors, {len(self.warnings)} warnings"
        lines = [f"“{self._function}” {'is valid' if self.valid else 'is not valid'}: {counts}"]
        lines += [f"  {self._where(p)}{p['message']}{self._fix(p)}" for p in self]
        return "\n".join(lines)

    def _where(self, problem: Mapping[str, Any]) -> str:
        sign = "✕" if problem["severity"] == "error" else "!"
        name = self._names.get(problem.get("blockId") or "", "")
        place = ".".join(filter(None, (name, problem.get("field"))))
        return f"{sign} {place}: " if place else f"{sign} "

    def _fix(self, problem: Mapping[str, Any]) -> str:
        return f" → {problem['fix']['label']}" if problem.get("fix") else ""

    def _repr_html_(self) -> str:
        lines = [escape(line) for line in repr(self).splitlines()]
        return "<br>".join([f"<b>{lines[0]}</b>", *(f"<code>{line.strip()}</code>" for line in lines[1:])])
