"""A run's picture: status, timeline, failed block, output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

import polars as pl

from workbench.base.errors import WorkbenchError
from workbench.client.faces import RunFace
from workbench.client.following import ENDED
from workbench.client.showing.tables import note, prose, shown_value
from workbench.client.signals import next_act, wait_in_words
from workbench.client.values import short_text
from workbench.flow.drawing import palette

HOURGLASS = (
    '<svg width="11" height="11" viewBox="0 0 12 12" fill="none" stroke="currentColor" role="img" aria-label="waiting">'
    '<path d="M3 1.5h6M3 10.5h6M3.5 1.5c0 3 5 6 5 9M8.5 1.5c0 3-5 6-5 9"/></svg>'
)
"""Drawn, because few fonts have the character."""
SIGNS: dict[str, tuple[str, str]] = {
    "pending": ("◷", palette.FAINT_INK),
    "queued": ("◷", palette.FAINT_INK),
    "running": ("◌", palette.INFO),
    "waiting": (HOURGLASS, palette.INFO),
    "paused": ("‖", palette.WARN),
    "cancelling": ("⊘", palette.FAINT_INK),
    "cancelled": ("⊘", palette.FAINT_INK),
    "completed": ("✓", palette.SUCCESS),
    "skipped": ("–", palette.FAINT_INK),
    "failed": ("✕", palette.ERROR),
    "timed_out": ("✕", palette.ERROR),
    "dead_letter": ("✕", palette.ERROR),
    "unknown": ("?", palette.ERROR),
}
MOST_ROWS = 12
MOST_WAITS = 5
LEAST_PERCENT = 0.6
QUEUE = f"background:{palette.LINE}"
RUN = f"background:{palette.BRAND}"
WAIT = f"background:repeating-linear-gradient(135deg,{palette.INFO} 0 2px,transparent 2px 5px)"


def run_html(run: RunFace) -> str:
    """Everything about a run in one look."""
    told = run.told
    parts = [_head(told)]
    if run.reuse:
        parts.append(note(run.reuse))
    if told["error"]:
        parts.append(_failure(told["error"], run.block_names))
    parts.append(_timeline(run))
    if told["status"] == "paused":
        parts.append(_paused(run))
    if told["status"] not in ENDED:
        parts += [_wait(wait) for wait in told.get("waiting", ())[:MOST_WAITS]]
    if told["status"] == "completed":
        parts.append(shown_value(told["output"]))
    return f'<div style="font-family:{palette.FONT};font-size:13px;color:{palette.INK}">{"".join(parts)}</div>'


def _head(told: Mapping[str, Any]) -> str:
    sign, colour = SIGNS.get(told["status"], ("•", palette.INK))
    chip = (
        f'<span style="border:1px solid {colour};border-radius:10px;padding:0 8px;color:{colour}">'
        f"{sign} {escape(told['status'].replace('_', ' '))}</span>"
    )
    words = [f"v{told['version']}", "debug" if told["debug"] else ""]
    if told["runMs"] is not None and told["status"] in ENDED:
        words.append(f"{_ms(told['runMs'])} (queue {_ms(told['queueMs'] or 0)}, wait {_ms(told['waitMs'] or 0)})")
    if told["attempt"] > 1:
        words.append(f"attempt {told['attempt']}")
    if told["forkedFrom"]:
        words.append("fork")
    if told["durability"] != "strict":
        words.append(f"durability {told['durability']}")
    quiet = f'<span style="color:{palette.FAINT_INK}">{escape(" · ".join(filter(None, words)))}</span>'
    return f"<div>{chip} <b>{escape(told['functionName'])}</b> {quiet}</div>"


def _failure(error: Mapping[str, Any], names: Mapping[str, str]) -> str:
    name = names.get(error.get("blockId") or "", error.get("blockId"))
    where = f"<b>{escape(name)}</b> <code>{escape(str(error.get('path') or ''))}</code>: " if name else ""
    hint = error.get("hint") or _next_act(name)
    act = f'<div style="color:{palette.FAINT_INK}">→ {prose(hint)}</div>' if hint else ""
    return (
        f'<div style="border-left:3px solid {palette.ERROR};padding:2px 8px;margin:6px 0">'
        f"{where}{prose(error['message'])}{act}</div>"
    )


def _next_act(name: str | None) -> str:
    if name is None:
        return ""
    return f'To look at it: f["{name}"].breakpoint(), then f.debug(…)'


def _wait(wait: Mapping[str, Any]) -> str:
    """What it waits for, and what ends that."""
    message = wait.get("message")
    said = f"<div>{escape(message)}</div>" if message and wait.get("title") else ""
    act = next_act(wait)
    hint = f'<div style="color:{palette.FAINT_INK}">→ {prose(act)}</div>' if act else ""
    return (
        f'<div style="border-left:3px dashed {palette.INFO};padding:2px 8px;margin:6px 0">'
        f"waits for {escape(wait_in_words(wait))}{said}{hint}</div>"
    )


def _paused(run: RunFace) -> str:
    try:
        return run.state._repr_html_()
    except WorkbenchError:
        return ""


def _timeline(run: RunFace) -> str:
    rows = timeline(run.checkpoints())
    if not rows:
        return ""
    begin = min(r["begin"] for r in rows)
    span = max(max(r["end"] for r in rows) - begin, 1)
    names = run.block_names
    states = {s["blockId"]: s for s in run.told["blockStates"]}
    lines = [_bar(r, begin, span, names.get(str(r["block_id"]), str(r["block_id"])), states) for r in rows[:MOST_ROWS]]
    more = note(f"and {len(rows) - MOST_ROWS} more blocks: run.checkpoints()") if len(rows) > MOST_ROWS else ""
    key = (
        f'<div style="font-size:11px;color:{palette.FAINT_INK}">{_swatch(QUEUE)} queue {_swatch(RUN)} run '
        f"{_swatch(WAIT)} wait · {_ms(span / 1000)} in all</div>"
    )
    return f'<table style="border-collapse:collapse;margin:6px 0;font-size:12px">{"".join(lines)}</table>{more}{key}'


def timeline(checkpoints: pl.DataFrame) -> list[dict[str, Any]]:
    """One row a block: begin and end in microseconds, sums of queue, run and wait in milliseconds, executions."""
    ran = checkpoints.filter(pl.col("started_at").is_not_null())
    if ran.is_empty():
        return []
    begun, ended = pl.col("started_at").dt.epoch("us"), pl.col("finished_at").dt.epoch("us")
    queue = pl.col("queue_ms").fill_null(0)
    return (
        ran.group_by("block_id", maintain_order=True)
        .agg(
            (begun - (queue * 1000).cast(pl.Int64)).min().alias("begin"),
            ended.fill_null(begun).max().alias("end"),
            queue.sum().alias("queue"),
            pl.col("run_ms").fill_null(0).sum().alias("run"),
            pl.col("wait_ms").fill_null(0).sum().alias("wait"),
            pl.len().alias("count"),
        )
        .sort("begin", maintain_order=True)
        .to_dicts()
    )


def _bar(row: Mapping[str, Any], begin: int, span: int, name: str, states: Mapping[str, Any]) -> str:
    state = states.get(row["block_id"], {})
    sign, colour = SIGNS.get(state.get("status", ""), ("•", palette.INK))
    left = 100 * (row["begin"] - begin) / span
    width = max(100 * (row["end"] - row["begin"]) / span, LEAST_PERCENT)
    left = min(left, 100 - width)
    tints = _tints((("queue", row["queue"], QUEUE), ("run", row["run"], RUN), ("wait", row["wait"], WAIT)))
    said = f"queue {_ms(row['queue'])}, run {_ms(row['run'])}, wait {_ms(row['wait'])}"
    times = f" ×{row['count']:,}" if row["count"] > 1 else ""
    value = _chip(state.get("summary"))
    return (
        f'<tr title="{escape(said)}"><td style="padding:1px 6px;color:{colour}">{sign}</td>'
        f'<td style="padding:1px 10px 1px 0;white-space:nowrap;text-align:left">{escape(name)}{times}</td>'
        f'<td style="padding:1px 10px 1px 0;width:220px"><div style="position:relative;height:8px;background:'
        f'{palette.SUNKEN};border-radius:2px"><div style="position:absolute;display:flex;left:{left:.1f}%;'
        f'width:{width:.1f}%;height:8px">{tints}</div></div></td>'
        f'<td style="padding:1px 10px 1px 0;text-align:right;white-space:nowrap">{_ms(row["run"])}</td>'
        f'<td style="padding:1px 0;color:{palette.FAINT_INK};text-align:left">{value}</td></tr>'
    )


def _tints(parts: Iterable[tuple[str, float, str]]) -> str:
    kept = [(name, ms, style) for name, ms, style in parts if ms > 0] or [("run", 1.0, RUN)]
    return "".join(f'<div style="flex:{max(ms, 0.001):.3f} 1 0;height:8px;{style}"></div>' for _, ms, style in kept)


def _swatch(style: str) -> str:
    return f'<span style="display:inline-block;width:10px;height:8px;{style}"></span>'


def _chip(summary: Mapping[str, Any] | None) -> str:
    if not summary:
        return ""
    if summary["kind"] == "table":
        return f"{summary['rows']:,} × {summary['columns']}"
    return escape(short_text(summary["text"]) if not isinstance(summary["text"], str) else summary["text"])


def _ms(ms: float) -> str:
    if ms >= 10_000:
        return f"{ms / 1000:,.1f} s"
    return f"{ms:,.0f} ms" if ms >= 10 else f"{ms:.1f} ms"
