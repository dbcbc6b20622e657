"""A workbench as a notebook holds it: canvases, runs, frames."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from workbench.base.ending import at_end
from workbench.base.errors import InvalidInput, WorkbenchError
from workbench.client.again import DeadLetter, dead_letters
from workbench.client.api import Api
from workbench.client.bundle import Bundle, ImportTable, read_bundle, wire_key
from workbench.client.canvas import Canvas
from workbench.client.catalogue import BlockCatalogue
from workbench.client.cells import after_each_cell, before_each_cell
from workbench.client.errors import short
from workbench.client.faces import HasId
from workbench.client.frames import Frames
from workbench.client.function import Function
from workbench.client.long_calls import IMPORT_S, with_progress
from workbench.client.naming import find_named, id_of
from workbench.client.queue import QueueStats
from workbench.client.run import Run
from workbench.client.secrets import Secrets


class Bench:
    """A connection to one workspace of a workbench. `close` it, or use it in a ``with`` statement."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._functions: dict[str, Function] = {}
        self._is_closed = False
        self.catalogue = BlockCatalogue(api.get("/blocks"))
        self.frames = Frames(api)
        self.secrets = Secrets(api)
        # Held until it is closed: edits that are not saved must outlive the names that they were made by.
        self._hooks = [before_each_cell(self.begin_cell), after_each_cell(self.save)]
        at_end(self.close)

    # Canvases and functions

    def canvas(self, name: str = "My canvas") -> Canvas:
        """The canvas of this name; it is made where there is none."""
        found = next(find_named(self.api, "/canvases", name), None)
        return Canvas(self, found or self.api.post("/canvases", {"name": name}))

    def canvases(self) -> list[Canvas]:
        """Every canvas, in their order."""
        from workbench.client.showing.tables import Listed

        found = [Canvas(self, told) for told in self.api.pages("/canvases")]
        columns = {"name": lambda c: c.name, "description": lambda c: c.description or ""}
        return Listed(found, columns, "bench.canvas(name) opens one, or makes it")

    def function_of(self, function_id: str) -> Function:
        """The function of this id; one object a function, so that edits in two places are the same edits."""
        known = self._functions.get(function_id)
        if known is None:
            return self.take_function(self.api.get(f"/functions/{function_id}"))
        known.forget_unnamed()
        return known.reload()

    def take_function(self, told: Mapping[str, Any]) -> Function:
        """Keep a function that was just read or made."""
        if "flow" not in told:
            told = self.api.get(f"/functions/{told['id']}")
        function = self._functions[told["id"]] = Function(self, told)
        return function

    def forget(self, function: Function) -> None:
        """A function is deleted."""
        self._functions.pop(function.key, None)

    def before_edit(self, function: Function) -> None:
        """A function is about to be edited; one that was forgotten is kept again."""
        self._functions[function.key] = function

    def begin_cell(self) -> None:
        """Blocks without a name are counted anew in each cell."""
        for function in self._functions.values():
            function.forget_unnamed()

    def save(self) -> None:
        """Save every function's edits."""
        for function in list(self._functions.values()):
            function.save()

    # Bundles

    def export(self, *what: Function | Canvas) -> Bundle:
        """Functions, or one canvas with all of its functions, as a bundle; without any, every function there is."""
        self.save()
        canvases = [each for each in what if isinstance(each, Canvas)]
        if len(what) == 1 and canvases:
            return Bundle(self.api.post("/export", {"canvasId": canvases[0].id}))
        if canvases:
            raise short(InvalidInput("A bundle is of one canvas, or of functions.", hint="Export them one by one."))
        ids = [id_of(each, "function") for each in what] or [f["id"] for f in self.api.pages("/functions")]
        if not ids:
            raise short(InvalidInput("There is no function yet that could be exported."))
        return Bundle(self.api.post("/export", {"functionIds": ids}))

    def import_(
        self,
        source: Bundle | Mapping[str, Any] | str | Path,
        *,
        preview: bool = False,
        on_conflict: str = "skip",
        canvas: Canvas | None = None,
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
        message: str | None = None,
    ) -> ImportTable:
        """Bring in a bundle, or a file that holds one; all of it or nothing.

        Args:
            source: what `export` answered, or the path of a file.
            preview: write nothing; the answer says what would be done.
            on_conflict: what is done with a function that is here: ``skip``, ``update``, or ``create`` a second one.
            canvas: where all of its functions go.
            overrides: by an item's source id: ``{"action": …, "name": …, "target_id": …}``.
            message: kept with the versions that are made.

        Raises InvalidInput that names each item which cannot be imported.
        """
        self.save()
        body: dict[str, Any] = {"bundle": read_bundle(source), "conflictStrategy": on_conflict}
        if canvas is not None:
            body["targetCanvasId"] = id_of(canvas, "canvas")
        if overrides:
            body["overrides"] = {i: {wire_key(k): v for k, v in wish.items()} for i, wish in overrides.items()}
        if message is not None:
            body["message"] = message
        if preview:
            return ImportTable(self, self.api.post("/import/preview", body, wait_s=IMPORT_S), is_preview=True)
        told = with_progress(self.api, "/import", body, IMPORT_S)
        for function in list(self._functions.values()):
            if function.key in told["idMap"].values():
                function.reload()
        return ImportTable(self, told, is_preview=False)

    # Runs

    def run(self, run_id: str) -> Run:
        """A run by its id. Raises NotFound."""
        return Run(self, self.api.get(f"/runs/{run_id}"))

    def runs(self, function: HasId | None = None, *, status: str | None = None, limit: int = 20) -> list[Run]:
        """Runs, newest first."""
        from workbench.client.showing.tables import RUN_COLUMNS, Listed

        told = self.api.pages(
            "/runs", limit, functionId=id_of(function, "function") if function is not None else None, status=status
        )
        more = f"the newest {limit}; limit=… shows more, bench.frames.runs() gives all as a table"
        return Listed([Run(self, each) for each in told], RUN_COLUMNS, more)

    def undo(self) -> str:
        """Take back your own last change, whichever function it was in; what it was."""
        return self._take_back("undo")

    def redo(self) -> str:
        """Make again what you took back last."""
        return self._take_back("redo")

    def _take_back(self, verb: str) -> str:
        self.save()
        told = self.api.post(f"/commands/{verb}")
        for function in list(self._functions.values()):
            if function.key in told["versions"]:
                function.reload()
        return told["label"]

    def queue(self) -> QueueStats:
        """How many runs wait, work and are over, and what is paused."""
        return QueueStats(self.api.get("/queue/stats"))

    def pause_queue(self, reason: str | None = None) -> dict[str, Any]:
        """Start no run of the whole server until it is resumed. Raises NotAllowed without the scope `admin`."""
        return self.api.post("/queue/pause", {"reason": reason} if reason else {})

    def resume_queue(self) -> dict[str, Any]:
        """Start runs again. Raises NotAllowed without the scope `admin`."""
        return self.api.post("/queue/resume", {})

    @property
    def dead_letter(self) -> list[DeadLetter]:
        """Runs that were given up because the server ended in one of their blocks again and again."""
        return dead_letters(self)

    # Study

    def sql(self, query: str, limit: int = 10_000) -> pl.DataFrame:
        """One SELECT over the tables ``runs``, ``checkpoints``, ``logs`` and ``queue`` of this workspace."""
        return self.frames.sql(query, limit)

    # Life

    @cached_property
    def health(self) -> dict[str, Any]:
        """What the workbench says of itself."""
        return self.api.get("/health")

    def close(self) -> None:
        """Save what is not saved and let go; a workbench in this process stops with the last one who uses it."""
        if self._is_closed:
            return
        self._is_closed = True
        for forget in self._hooks:
            forget()
        try:
            with contextlib.suppress(WorkbenchError):
                self.save()
        finally:
            self.api.close()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._is_closed:
            return "Bench (closed)"
        url, place = self.api.address.url, self.api.describe()
        return f"Bench at {url}" if place == url else f"Bench at {url} ({place})"

    def _repr_html_(self) -> str:
        from html import escape

        from workbench.client.showing.tables import heading

        if self._is_closed:
            return heading("Workbench (closed)")
        return heading(f"Workbench at {escape(self.api.describe())}") + self.canvases()._repr_html_()  # type: ignore[attr-defined]
