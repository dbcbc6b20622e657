"""A canvas: a named board of functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.client.faces import BenchFace
from workbench.client.function import Function
from workbench.client.naming import find_named


class Canvas:
    """A named board of functions."""

    def __init__(self, bench: BenchFace, told: Mapping[str, Any]) -> None:
        self._bench = bench
        self._told = dict(told)

    @property
    def id(self) -> str:
        """Its id."""
        return self._told["id"]

    @property
    def name(self) -> str:
        """Its name."""
        return self._told["name"]

    @property
    def description(self) -> str | None:
        """What it is for."""
        return self._told["description"]

    def function(self, name: str) -> Function:
        """The function of this name on the canvas; it is made where there is none."""
        found = next(find_named(self._bench.api, "/functions", name, canvasId=self.id), None)
        if found is not None:
            return self._bench.function_of(found["id"])
        return self._bench.take_function(self._bench.api.post("/functions", {"name": name, "canvasId": self.id}))

    def functions(self) -> list[Function]:
        """Its functions, newest first."""
        from workbench.client.showing.tables import Listed

        ids = [told["id"] for told in self._bench.api.pages("/functions", canvasId=self.id)]
        return Listed([self._bench.function_of(i) for i in ids], _FUNCTION_COLUMNS, "canvas.function(name) opens one")

    def duplicate(self, name: str | None = None) -> Canvas:
        """A copy with copies of all its functions, as drafts, which then call each other."""
        self._bench.save()
        body = {"name": name} if name else {}
        return Canvas(self._bench, self._bench.api.post(f"/canvases/{self.id}/duplicate", body))

    def stats(self, since: str | None = None) -> dict[str, Any]:
        """Run counts by status, success rate, quantiles of run and queue time; of runs made `since` (RFC 3339)."""
        return self._bench.api.get(f"/canvases/{self.id}/stats", since=since)

    def delete(self, *, force: bool = False) -> None:
        """Delete it with its functions and their runs; `force` cancels those that are not over."""
        self._bench.api.delete(f"/canvases/{self.id}", force=force or None)

    def __repr__(self) -> str:
        told = self._bench.api.get(f"/canvases/{self.id}")
        names = [f["name"] for f in told["functions"]]
        return f"Canvas “{told['name']}”: {_counted(names)}"

    def _repr_html_(self) -> str:
        from workbench.client.showing.tables import heading

        return heading(f"Canvas “{self.name}”") + self.functions()._repr_html_()  # type: ignore[attr-defined]


def _counted(names: list[str]) -> str:
    if not names:
        return "no functions yet"
    shown = ", ".join(f"“{n}”" for n in names[:5])
    return f"{len(names)} function{'' if len(names) == 1 else 's'}: {shown}{', …' if len(names) > 5 else ''}"


_FUNCTION_COLUMNS: dict[str, Any] = {
    "name": lambda f: f.name,
    "status": lambda f: f.status,
    "version": lambda f: f.version,
    "blocks": lambda f: len(f.flow["blocks"]),
}
