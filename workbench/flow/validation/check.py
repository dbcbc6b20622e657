"""All checks of a flow in one call."""

from __future__ import annotations

from workbench.flow.catalogue import Catalogue
from workbench.flow.model import Flow
from workbench.flow.validation.edges import check_edges
from workbench.flow.validation.names import check_names
from workbench.flow.validation.problems import Code, Problem, Validation, as_validation, fix
from workbench.flow.validation.reach import check_depth, check_reach
from workbench.flow.validation.references import check_references
from workbench.flow.validation.structure import structure_problems
from workbench.flow.validation.subject import subject_of
from workbench.flow.validation.types import check_types
from workbench.flow.validation.variables import check_variables

_STOPPING = {Code.TOO_LARGE, Code.TOO_DEEP}


def validate(flow: Flow, catalogue: Catalogue) -> Validation:
    """Whether `flow` can run, and all that is wrong with it.

    Never raises. Over the limits on size and depth it says only that.
    """
    problems = structure_problems(flow)
    if any(problem.code in _STOPPING for problem in problems):
        return as_validation(problems)
    if not flow.blocks:
        return as_validation([*problems, _empty(catalogue)])
    subject = subject_of(flow, catalogue)
    too_deep = list(check_depth(subject))
    if too_deep:
        return as_validation([*problems, *too_deep])
    problems += check_names(subject)
    problems += check_types(subject)
    problems += check_edges(subject)
    problems += check_reach(subject)
    problems += check_references(subject)
    problems += check_variables(subject)
    return as_validation(problems)


def _empty(catalogue: Catalogue) -> Problem:
    start = {"id": "start", "type": "start", "name": "start", "config": {}, "position": {"x": 0, "y": 0}}
    return Problem(
        code=Code.EMPTY_FLOW,
        severity="error",
        message="This flow has no blocks: add a start block, then what it should do.",
        fix=fix("Add a start block", ("ADD_BLOCK", {"block": start})) if "start" in catalogue.types() else None,
    )
