"""Altair charts as JupyterLab itself draws them: without a network, on Lab's ground, light or dark."""

from __future__ import annotations

from typing import Any

INK = "#808890"
"""Legible on both grounds; a chart cannot read Lab's CSS variables."""
COLOURS = ("#1976d2", "#f57c00", "#0097a7", "#388e3c", "#8e24aa", "#d32f2f")
MIME = "application/vnd.vegalite.v5+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
"""Names the grammar that Lab has built in; nothing is loaded from there."""


def enable_charts() -> None:
    """Let Altair show its charts through Lab's built-in Vega, in Lab's look. Needs Altair."""
    import altair as alt

    alt.renderers.register("workbench", _bundle)
    alt.renderers.enable("workbench")
    alt.theme.register("workbench", enable=True)(_theme)


def _bundle(spec: dict[str, Any], **_: Any) -> Any:
    title = spec.get("title")
    text = title.get("text") if isinstance(title, dict) else title
    return {MIME: {**spec, "$schema": SCHEMA}, "text/plain": f"Chart: {text or 'untitled'}"}, {}


def _theme() -> Any:
    words = {"labelColor": INK, "titleColor": INK, "gridColor": f"{INK}33", "domainColor": INK, "tickColor": INK}
    return {
        "config": {
            "background": "transparent",
            "view": {"stroke": None, "continuousWidth": 560, "continuousHeight": 220},
            "axis": words,
            "legend": {"labelColor": INK, "titleColor": INK},
            "header": {"labelColor": INK, "titleColor": INK},
            "title": {"color": INK, "anchor": "start", "fontSize": 13},
            "range": {"category": list(COLOURS)},
        }
    }
