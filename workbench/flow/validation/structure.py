"""What saving needs: sizes, unique ids, edges between existing blocks. Nothing about types."""

from __future__ import annotations

from typing import Any, cast

from workbench.base.errors import Issue
from workbench.flow.model import MAX_BLOCKS, MAX_EDGES, Flow
from workbench.flow.validation.problems import Code, Problem, remove_edge

MAX_CONFIG_DEPTH = 32
MAX_ISSUES = 100


def check_size(flow: Flow) -> list[Issue]:
    """Whether the flow is within the limits on blocks and edges. Costs nothing whatever the size."""
    issues: list[Issue] = []
    if len(flow.blocks) > MAX_BLOCKS:
        issues.append(Issue("flow.blocks", f"{len(flow.blocks):,} blocks: a flow has at most {MAX_BLOCKS:,}"))
    if len(flow.edges) > MAX_EDGES:
        issues.append(Issue("flow.edges", f"{len(flow.edges):,} edges: a flow has at most {MAX_EDGES:,}"))
    return issues


def check_structure(flow: Flow) -> list[Issue]:
    """What makes a flow unfit to be saved, with paths such as ``flow.edges[2].target``. At most 100 issues."""
    issues = check_size(flow)
    if issues:
        return issues
    ids: dict[str, int] = {}
    for at, block in enumerate(flow.blocks):
        if block.id in ids:
            issues.append(Issue(f"flow.blocks[{at}].id", f'"{block.id}" is the id of flow.blocks[{ids[block.id]}] too'))
        ids.setdefault(block.id, at)
        if not _is_shallow(block.config):
            issues.append(Issue(f"flow.blocks[{at}].config", f"is nested more than {MAX_CONFIG_DEPTH} deep"))
    for name, value in (("variables", flow.variables), ("notes", list(flow.notes)), ("groups", list(flow.groups))):
        if not _is_shallow(value):
            issues.append(Issue(f"flow.{name}", f"is nested more than {MAX_CONFIG_DEPTH} deep"))
    edge_ids: dict[str, int] = {}
    for at, edge in enumerate(flow.edges):
        if edge.id in edge_ids:
            issues.append(
                Issue(f"flow.edges[{at}].id", f'"{edge.id}" is the id of flow.edges[{edge_ids[edge.id]}] too')
            )
        edge_ids.setdefault(edge.id, at)
        for end, block_id in (("source", edge.source), ("target", edge.target)):
            if block_id not in ids:
                issues.append(Issue(f"flow.edges[{at}].{end}", f'no block has the id "{block_id}"'))
    return issues[:MAX_ISSUES]


def _is_shallow(value: Any) -> bool:
    """Whether no list or object is nested deeper than the limit; level by level, so that no depth overflows."""
    level: list[Any] = [value]
    for _ in range(MAX_CONFIG_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return True
    return False


def _inside(outer: Any) -> list[Any]:
    values = cast("dict[str, Any]", outer).values() if isinstance(outer, dict) else outer
    return [inner for inner in values if isinstance(inner, (dict, list))]


def structure_problems(flow: Flow) -> list[Problem]:
    """The same as problems, for validating a flow that was never saved."""
    return [
        Problem(
            code=Code.TOO_LARGE, severity="error", message=f"{i.issue}. Split it into several functions.", field=i.field
        )
        for i in check_size(flow)
    ] or [*_double_ids(flow), *_loose_edges(flow), *_deep_configs(flow)]


def _double_ids(flow: Flow) -> list[Problem]:
    found: list[Problem] = []
    blocks: set[str] = set()
    for block in flow.blocks:
        if block.id in blocks:
            message = f'Two blocks have the id "{block.id}": give "{block.name}" an id of its own.'
            found.append(
                Problem(code=Code.DUPLICATE_ID, severity="error", message=message, block_id=block.id, field="id")
            )
        blocks.add(block.id)
    edges: set[str] = set()
    for edge in flow.edges:
        if edge.id in edges:
            message = f'Two edges have the id "{edge.id}": give one an id of its own.'
            found.append(Problem(code=Code.DUPLICATE_ID, severity="error", message=message, edge_id=edge.id))
        edges.add(edge.id)
    return found


def _loose_edges(flow: Flow) -> list[Problem]:
    ids = {block.id for block in flow.blocks}
    return [
        Problem(
            code=Code.UNKNOWN_BLOCK,
            severity="error",
            message=f'The edge "{edge.id}" has a {end} that is no block of this flow: "{block_id}".',
            edge_id=edge.id,
            fix=remove_edge(edge.id),
        )
        for edge in flow.edges
        for end, block_id in (("source", edge.source), ("target", edge.target))
        if block_id not in ids
    ]


def _deep_configs(flow: Flow) -> list[Problem]:
    return [
        Problem(
            code=Code.TOO_DEEP,
            severity="error",
            message=f'The config of "{block.name}" is nested more than {MAX_CONFIG_DEPTH} deep.',
            block_id=block.id,
            field="config",
        )
        for block in flow.blocks
        if not _is_shallow(block.config)
    ]
