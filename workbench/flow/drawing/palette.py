"""Colours as JupyterLab's CSS variables, then VS Code's, then plain values for a page that has neither; and states."""

from __future__ import annotations

from typing import NamedTuple

GROUND = "var(--jp-layout-color0, var(--vscode-editor-background, #ffffff))"
CARD = "var(--jp-layout-color1, var(--vscode-sideBar-background, #ffffff))"
SUNKEN = "var(--jp-layout-color2, var(--vscode-editorWidget-background, #eeeeee))"
LINE = "var(--jp-border-color1, var(--vscode-panel-border, #bdbdbd))"
FAINT_LINE = "var(--jp-border-color2, var(--vscode-panel-border, #e0e0e0))"
INK = "var(--jp-ui-font-color1, var(--vscode-editor-foreground, #212121))"
FAINT_INK = "var(--jp-ui-font-color2, var(--vscode-descriptionForeground, #616161))"
WIRE = "var(--jp-ui-font-color3, var(--vscode-descriptionForeground, #9e9e9e))"
BRAND = "var(--jp-brand-color1, var(--vscode-focusBorder, #1976d2))"
SUCCESS = "var(--jp-success-color1, var(--vscode-testing-iconPassed, #388e3c))"
WARN = "var(--jp-warn-color1, var(--vscode-editorWarning-foreground, #f57c00))"
ERROR = "var(--jp-error-color1, var(--vscode-errorForeground, #d32f2f))"
INFO = "var(--jp-info-color1, var(--vscode-editorInfo-foreground, #0097a7))"
FONT = "var(--jp-ui-font-family, var(--vscode-font-family, system-ui, sans-serif))"


class Look(NamedTuple):
    """How a block's state is shown: a sign, a colour, words; a dashed or thick frame or hatching where it has one.

    The sign is a path on a 12 by 12 grid, for not every font has such signs.
    """

    sign: str
    colour: str
    words: str
    dashed: bool = False
    thick: bool = False
    faded: bool = False
    hatched: bool = False


_CLOCK = "M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M6 3.5V6h2"
_ARC = "M6 1.5a4.5 4.5 0 1 1-4.5 4.5"
_HOURGLASS = "M3 1.5h6M3 10.5h6M3.5 1.5C3.5 4 6 4.5 6 6S3.5 8 3.5 10.5M8.5 1.5C8.5 4 6 4.5 6 6s2.5 2 2.5 4.5"
_CHECK = "M2 6.5L4.8 9.2L10 3"
_CROSS = "M2.5 2.5l7 7M9.5 2.5l-7 7"
_BARS = "M4 2v8M8 2v8"
_DASH = "M2.5 6h7"
_BARRED = "M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M2.8 9.2l6.4-6.4"
_BACK = "M2.2 4.5A4.5 4.5 0 1 1 1.5 7M2 1.5v3h3"
_HAND = "M3 6.5V3.2M5 5.8V1.8M7 5.8V2M9 7V3.5M3 6.5c0 2.8 1 4.2 3 4.2s3-1.4 3-3.7"
_QUESTION = "M4 4a2 2 0 1 1 3 1.8c-.7.4-1 .8-1 1.7M6 10v.2"

LOOKS: dict[str, Look] = {
    "pending": Look(_CLOCK, WIRE, "pending"),
    "queued": Look(_CLOCK, WIRE, "queued"),
    "running": Look(_ARC, INFO, "running"),
    "waiting": Look(_HOURGLASS, INFO, "waiting", dashed=True),
    "paused": Look(_BARS, WARN, "paused", thick=True),
    "completed": Look(_CHECK, SUCCESS, "done"),
    "done": Look(_CHECK, SUCCESS, "done"),
    "skipped": Look(_DASH, WIRE, "skipped", faded=True),
    "failed": Look(_CROSS, ERROR, "failed"),
    "unknown": Look(_QUESTION, ERROR, "outcome unknown"),
    "cancelled": Look(_BARRED, WIRE, "cancelled"),
    "reused": Look(_BACK, BRAND, "reused"),
    "forced": Look(_HAND, WARN, "forced", dashed=True, hatched=True),
    "mocked": Look(_HAND, WARN, "mocked", dashed=True, hatched=True),
}


def look_of(status: str | None) -> Look | None:
    """The look of a state; a state without one gets a dot and its own name; None for no state."""
    return LOOKS.get(status, Look("M6 5.9v.2", WIRE, status)) if status else None
