"""Checks of each block by itself: its type is known and usable, its config is right field by field."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.flow.model import Block
from workbench.flow.validation.problems import Code, Problem
from workbench.flow.validation.subject import Subject


def check_types(subject: Subject) -> Iterator[Problem]:
    """Unknown types, types that are disabled here, and config fields that are wrong. Disabled blocks need no config."""
    for block in subject.graph.blocks:
        shape = subject.shape(block)
        if shape is None:
            yield _unknown(subject, block)
            continue
        if block.disabled:
            continue
        if shape.disabled_reason:
            yield Problem(
                code=Code.DISABLED_TYPE,
                severity="error",
                message=f'"{block.name}": {block.type} cannot be used here: {shape.disabled_reason}.'.replace(
                    "..", "."
                ),
                block_id=block.id,
                field="type",
            )
        for issue in subject.catalogue.check_config(block.type, block.config):
            where = f" `{issue.field}`" if issue.field else ""
            yield Problem(
                code=Code.BAD_CONFIG,
                severity="error",
                message=f'"{block.name}":{where} {issue.message}.',
                block_id=block.id,
                field=f"config.{issue.field}" if issue.field else "config",
            )


def _unknown(subject: Subject, block: Block) -> Problem:
    near = subject.nearest.find(block.type, subject.catalogue.types())
    hint = f' Did you mean "{near}"?' if near else " GET /blocks lists the types that exist here."
    return Problem(
        code=Code.UNKNOWN_TYPE,
        severity="error",
        message=f'"{block.name}" is of the unknown type "{block.type}".{hint}',
        block_id=block.id,
        field="type",
    )
