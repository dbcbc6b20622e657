"""The one quiet line of a run that is waited for."""

from __future__ import annotations

import sys
import time
from html import escape
from typing import Any, Protocol

from workbench.client.cells import in_notebook
from workbench.flow.drawing import palette

QUIET_S = 0.4
"""A run that is over sooner shows no line at all."""
LEAST_GAP_S = 0.1
WIDTH = 24


class Line(Protocol):
    """Where the line goes."""

    def show(self, text: str, part: float | None) -> None:
        """Replace the line; `part` is how much is done, where that is known."""
        ...

    def end(self) -> None:
        """Nothing comes after this."""
        ...


class Progress:
    """What is known of a run while it goes on, as one line."""

    def __init__(self, name: str, names: dict[str, str]) -> None:
        self._name = name
        self._names = names
        self._line: Line | None = None
        self._begun = self._shown = time.monotonic()
        self._status = "queued"
        self._blocks: dict[str, dict[str, Any]] = {}

    def hear(self, told: dict[str, Any] | None, blocks: list[dict[str, Any]]) -> None:
        """Take news in; show them when the last line is old enough."""
        for state in blocks:
            self._blocks[state["blockId"]] = {**self._blocks.get(state["blockId"], {}), **state}
        if told is not None:
            self._status = told["status"]
        now = time.monotonic()
        if now - self._begun < QUIET_S or now - self._shown < LEAST_GAP_S:
            return
        self._show(now)

    def end(self, told: dict[str, Any]) -> None:
        """The last line, if there was any."""
        self._status = told["status"]
        if self._line is not None:
            self._show(time.monotonic())
            self._line.end()

    def _show(self, now: float) -> None:
        if self._line is None:
            self._line = line_of()
        self._shown = now
        text, part = self.text()
        self._line.show(text, part)

    def text(self) -> tuple[str, float | None]:
        """The line, and how much is done."""
        parts = [f"{self._name} {self._status}"]
        part = None
        loops = [s for s in self._blocks.values() if s.get("total")]
        if loops:
            widest = max(loops, key=lambda s: s["total"])
            part = (widest.get("done") or 0) / widest["total"]
            name = self._names.get(widest["blockId"], widest["blockId"])
            parts.append(f"{name} {widest.get('done') or 0:,} / {widest['total']:,}")
        done = sum((s.get("completed") or 0) for s in self._blocks.values())
        failed = sum((s.get("failed") or 0) for s in self._blocks.values())
        parts.append(f"{done:,} block{'' if done == 1 else 's'} done" + (f", {failed:,} failed" if failed else ""))
        parts.append(f"{time.monotonic() - self._begun:.1f} s")
        return " · ".join(parts), part


def line_of() -> Line:
    """A line where this code runs: in the notebook, in the terminal, or nowhere."""
    if in_notebook():
        return NotebookLine()
    if sys.stderr.isatty():
        return TerminalLine()
    return Silence()


class NotebookLine:
    """One display that is updated."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, text: str, part: float | None) -> None:
        from IPython.display import HTML, display

        bundle = {"text/plain": text, "text/html": HTML(_html(text, part)).data}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def end(self) -> None:
        pass


class TerminalLine:
    """One line that replaces itself, through rich."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)
        self._live.start()

    def show(self, text: str, part: float | None) -> None:
        from rich.text import Text

        done = round((part or 0) * WIDTH)
        bar = f"{'━' * done}{'─' * (WIDTH - done)} " if part is not None else ""
        self._live.update(Text.assemble((bar, "cyan"), text), refresh=True)

    def end(self) -> None:
        self._live.stop()


class Silence:
    """No terminal, no line."""

    def show(self, text: str, part: float | None) -> None:
        pass

    def end(self) -> None:
        pass


def _html(text: str, part: float | None) -> str:
    bar = ""
    if part is not None:
        bar = (
            f'<span style="display:inline-block;width:120px;height:6px;border-radius:3px;margin-right:8px;'
            f'vertical-align:middle;overflow:hidden;background:{palette.SUNKEN}"><span style="display:block;height:6px;'
            f'width:{100 * part:.0f}%;background:{palette.BRAND}"></span></span>'
        )
    return f'<div style="font-size:12px;color:{palette.FAINT_INK}">{bar}{escape(text)}</div>'
