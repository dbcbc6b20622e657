"""All checks of a flow in one call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

from workbench.flow.catalogue import Catalogue
from workbench.flow.model import Flow
from workbench.flow.validation.branches import check_branches
from workbench.flow.validation.edges import check_edges
from workbench.flow.validation.names import check_names
from workbench.flow.validation.problems import Code, Problem, Validation, as_validation, fix
from workbench.flow.validation.reach import check_depth, check_reach
from workbench.flow.validation.references import check_references
from workbench.flow.validation.structure import structure_problems
from workbench.flow.validation.subject import subject_of
from workbench.flow.validation.types import check_types
from workbench.flow.validation.variables import check_variables

MAX_TOLD = 1000
"""Errors, and warnings, that one validation tells."""

_STOPPING = {Code.TOO_LARGE, Code.TOO_DEEP}


def validate(flow: Flow, catalogue: Catalogue, secrets: frozenset[str] | None = None) -> Validation:
    """Whether `flow` can run, and all that is wrong with it; `secrets` are the names of those that exist, if known.

    Never raises. Over the limits on size and depth it says only that.
    """
    problems = structure_problems(flow)
    if any(problem.code in _STOPPING for problem in problems):
        return as_validation(problems)
    if not flow.blocks:
        return as_validation([*problems, _empty(catalogue)])
    subject = subject_of(flow, catalogue, secrets)
    too_deep = list(check_depth(subject))
    if too_deep:
        return as_validation([*problems, *too_deep])
    checks = (check_names, check_types, check_edges, check_branches, check_reach, check_references, check_variables)
    problems += _first(chain.from_iterable(check(subject) for check in checks))
    return as_validation(problems)


def _first(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Problems up to the most that are told of either severity; it looks no further when the errors are full."""
    told = Counter[str]()
    for problem in problems:
        told[problem.severity] += 1
        if told["error"] > MAX_TOLD:
            text = f"There are more than {MAX_TOLD:,} errors; the others show when these are gone."
            yield Problem(code=Code.MORE_PROBLEMS, severity="warning", message=text)
            return
        if told[problem.severity] <= MAX_TOLD:
            yield problem


def _empty(catalogue: Catalogue) -> Problem:
    start = {"id": "start", "type": "start", "name": "start", "config": {}, "position": {"x": 0, "y": 0}}
    return Problem(
        code=Code.EMPTY_FLOW,
        severity="error",
        message="This flow has no blocks: add a start block, then what it should do.",
        fix=fix("Add a start block", ("ADD_BLOCK", {"block": start})) if "start" in catalogue.types() else None,
    )
