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
    """How a block's state is shown: a sign, a colour, words; a dashed or thick frame where it has one."""

    sign: str
    colour: str
    words: str
    dashed: bool = False
    thick: bool = False
    faded: bool = False


LOOKS: dict[str, Look] = {
    "pending": Look("◷", WIRE, "pending"),
    "queued": Look("◷", WIRE, "queued"),
    "running": Look("◌", INFO, "running"),
    "waiting": Look("⧗", INFO, "waiting", dashed=True),
    "paused": Look("‖", WARN, "paused", thick=True),
    "completed": Look("✓", SUCCESS, "done"),
    "done": Look("✓", SUCCESS, "done"),
    "skipped": Look("–", WIRE, "skipped", faded=True),
    "failed": Look("✕", ERROR, "failed"),
    "unknown": Look("?", ERROR, "outcome unknown"),
    "cancelled": Look("⊘", WIRE, "cancelled"),
    "reused": Look("↺", BRAND, "reused"),
    "forced": Look("✋", WARN, "forced", dashed=True),
    "mocked": Look("✋", WARN, "mocked", dashed=True),
}
