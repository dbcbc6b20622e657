"""The SQL that reads flows: of one version, or the newest of many functions. Most are kept as what changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workbench.editing.models import Breakpoint
from workbench.editing.store import read_breakpoints
from workbench.flow.changes import Draft, Set, from_text
from workbench.flow.model import Flow


def find_flow(cursor: Any, workspace: str, function_id: str, number: int) -> Flow | None:
    """The flow of one version: as it was kept, or made from the last kept one by the commands since."""
    known: Any = cursor.execute(
        "SELECT count(*) FROM functions WHERE workspace_id = ? AND id = ?::UUID", [workspace, function_id]
    ).fetchone()
    return _flow(cursor, function_id, number) if known[0] else None


def flow_for_recovery(cursor: Any, function_id: str, number: int) -> tuple[Flow, tuple[Breakpoint, ...]] | None:
    """The flow of the version that an open run walks, and its function's breakpoints, in whatever workspace."""
    row = cursor.execute("SELECT breakpoints FROM functions WHERE id = ?::UUID", [function_id]).fetchone()
    if row is None:
        return None
    flow = _flow(cursor, function_id, number)
    return (flow, read_breakpoints(row[0])) if flow is not None else None


def _flow(cursor: Any, function_id: str, number: int) -> Flow | None:
    row = cursor.execute(
        """
        SELECT max(number), max(number) FILTER (flow IS NOT NULL), arg_max(flow, number) FILTER (flow IS NOT NULL)
        FROM function_versions WHERE function_id = ?::UUID AND number <= ?
        """,
        [function_id, number],
    ).fetchone()
    if row is None or row[0] != number or row[2] is None:
        return None
    flow = Flow.model_validate_json(row[2])
    if row[1] == number:
        return flow
    since = cursor.execute(
        """
        SELECT changes FROM commands WHERE function_id = ?::UUID AND version > ? AND version <= ?
        ORDER BY version, position
        """,
        [function_id, row[1], number],
    ).fetchall()
    return flow_after(flow, [changes for (changes,) in since])


def flow_after(flow: Flow, changes: Iterable[str]) -> Flow:
    """A flow after these changes, as commands keep them; those of the function's head are passed over."""
    draft = Draft(flow)
    for text in changes:
        draft.apply(c for c in from_text(text) if not (isinstance(c, Set) and c.kind == "function"))
    return draft.flow


def latest_flows(cursor: Any, workspace: str, function_ids: Iterable[str]) -> dict[str, Flow]:
    """The newest flow of each of these functions that the workspace has, with two queries for all of them."""
    wanted = {"workspace": workspace, "ids": list(function_ids)}
    kept = """
        SELECT v.function_id AS id, max(v.number) AS number, arg_max(v.flow, v.number) AS flow
        FROM function_versions v JOIN functions f ON f.id = v.function_id
        WHERE f.workspace_id = $workspace AND list_contains($ids::UUID[], f.id) AND v.flow IS NOT NULL
        GROUP BY v.function_id
    """
    rows = cursor.execute(f"SELECT id::VARCHAR, flow FROM ({kept})", wanted).fetchall()
    since = cursor.execute(
        f"""
        SELECT c.function_id::VARCHAR, c.changes FROM commands c JOIN ({kept}) k ON k.id = c.function_id
        WHERE c.workspace_id = $workspace AND c.version > k.number
        ORDER BY c.function_id, c.version, c.position
        """,
        wanted,
    ).fetchall()
    changes: dict[str, list[str]] = {}
    for function_id, text in since:
        changes.setdefault(function_id, []).append(text)
    return {i: flow_after(Flow.model_validate_json(text), changes.get(i, ())) for i, text in rows}


def flows_with(cursor: Any, workspace: str, text: str) -> list[tuple[str, str, Flow]]:
    """Id, name and newest flow of the workspace's functions of which some version, or some edit, has a text."""
    rows = cursor.execute(
        """
        SELECT f.id::VARCHAR, f.name FROM functions f
        WHERE f.workspace_id = $workspace AND (
            f.id IN (SELECT function_id FROM function_versions WHERE contains(flow, $text))
            OR f.id IN (SELECT function_id FROM commands WHERE workspace_id = $workspace AND contains(changes, $text))
        )
        """,
        {"workspace": workspace, "text": text},
    ).fetchall()
    flows = latest_flows(cursor, workspace, [function_id for function_id, _ in rows])
    return [(function_id, name, flows[function_id]) for function_id, name in rows if function_id in flows]
