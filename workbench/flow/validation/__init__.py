"""Whether a flow can be saved (`check_structure`) and whether it can run (`validate`). One file per concern."""

from workbench.flow.validation.check import validate
from workbench.flow.validation.problems import Code, Fix, FixCommand, Problem, Validation
from workbench.flow.validation.structure import check_size, check_structure

__all__ = ["Code", "Fix", "FixCommand", "Problem", "Validation", "check_size", "check_structure", "validate"]
