"""Checks of branches: some that lead nowhere, merges with nothing to merge, ports that never fire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from workbench.flow.model import Block
from workbench.flow.validation.problems import Code, Problem, remove_edge
from workbench.flow.validation.subject import Subject

BRANCHING = frozenset({"parallel", "split"})


def check_branches(subject: Subject) -> Iterator[Problem]:
    """Warnings only: such a flow runs, but hardly as it was meant."""
    for at, block in enumerate(subject.graph.blocks):
        if block.disabled or subject.shape(block) is None:
            continue
        if block.type in BRANCHING:
            yield from _unwired(subject, at, block)
        if block.type == "merge" and len(subject.graph.incoming[at]) == 1:
            yield Problem(
                code=Code.LONE_MERGE,
                severity="warning",
                message=f'Only one wire leads into the merge "{block.name}": there is nothing to merge.',
                block_id=block.id,
            )
        if block.type == "timeout" and block.config.get("onTimeout", "error") != "skip":
            for edge in subject.graph.outgoing[at]:
                if edge.source_port == "timeout":
                    yield Problem(
                        code=Code.DEAD_PORT,
                        severity="warning",
                        message=f'The port "timeout" of "{block.name}" never fires: onTimeout is not skip.',
                        block_id=block.id,
                        edge_id=edge.id,
                        field="config.onTimeout",
                        fix=remove_edge(edge.id),
                    )


def _unwired(subject: Subject, at: int, block: Block) -> Iterator[Problem]:
    """Branches of which some are wired and others not, and wired ones that are switched off."""
    shape = subject.shape(block)
    branches = [port.name for port in shape.outputs if port.name.startswith("branch-")] if shape else []
    wired = {edge.source_port for edge in subject.graph.outgoing[at]}
    off = _switched_off(block)
    if not wired.intersection(branches):
        return  # EMPTY_REGION says so of a parallel; a split's may all be unused for now
    for name in branches:
        if name in off and name in wired:
            message = f'The branch "{name}" of "{block.name}" is switched off: its blocks do not run.'
        elif name not in wired and name not in off:
            what = "has nothing inside" if block.type == "parallel" else "leads nowhere: its share is lost"
            message = f'The branch "{name}" of "{block.name}" {what}.'
        else:
            continue
        code = Code.DISABLED_UPSTREAM if name in off else Code.UNWIRED_BRANCH
        yield Problem(code=code, severity="warning", message=message, block_id=block.id, field=f"ports.{name}")


def _switched_off(block: Block) -> set[str]:
    branches = block.config.get("branches")
    if block.type != "parallel" or not isinstance(branches, list):
        return set()
    told = [cast("dict[str, Any]", b) for b in cast("list[Any]", branches) if isinstance(b, dict)]
    return {f"branch-{b.get('id')}" for b in told if b.get("enabled") is False}
