"""Workflow Workbench: draw a function on a canvas, step through it, run it durably, study its runs."""

__version__ = "0.1.0"
