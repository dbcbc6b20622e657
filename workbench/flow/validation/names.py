"""Checks of names: two blocks with one handle, handles that the language keeps for itself, names that hide others."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.flow.handles import free_name, handle, is_reserved
from workbench.flow.model import Block
from workbench.flow.validation.problems import Code, Problem, fix
from workbench.flow.validation.subject import Subject

_MAX_RENAMES = 200
"""How many free names are looked for: one search is as long as the row of equal names."""


def check_names(subject: Subject) -> Iterator[Problem]:
    """Duplicate and reserved handles with a free name as the fix; names given by scopes that hide a block."""
    taken = set(subject.handles)
    for block in subject.graph.blocks:
        text = handle(block.name)
        first = subject.handles[text]
        if is_reserved(text):
            message = f'"{block.name}" cannot be a block\'s name: expressions use `{text}` for something else.'
            yield _renamed(subject, Code.RESERVED_NAME, block, message, taken)
        elif first != block.id:
            other = subject.graph.block(first).name
            if other == block.name:
                message = f'Two blocks have the name "{block.name}": expressions could not tell them apart.'
            else:
                message = f'"{other}" and "{block.name}" are both `{text}` in expressions.'
            yield _renamed(subject, Code.DUPLICATE_NAME, block, message, taken)
    yield from _shadowed(subject)


def _renamed(subject: Subject, code: Code, block: Block, message: str, taken: set[str]) -> Problem:
    repair = None
    if len(taken) - len(subject.handles) < _MAX_RENAMES:
        name = free_name(block.name, taken)
        taken.add(handle(name))
        repair = fix(f'Rename to "{name}"', ("UPDATE_BLOCK", {"blockId": block.id, "name": name}))
    return Problem(code=code, severity="error", message=message, block_id=block.id, field="name", fix=repair)


def _shadowed(subject: Subject) -> Iterator[Problem]:
    for block in subject.graph.blocks:
        shape = subject.shape(block)
        for name in shape.region_names if shape else ():
            hidden = subject.handles.get(name)
            if hidden is not None and not is_reserved(name):
                yield Problem(
                    code=Code.SHADOWED_NAME,
                    severity="warning",
                    message=f'Inside the {block.type} "{block.name}", `{name}` is what the {block.type} gives, '
                    f"not the block {subject.title(hidden)}.",
                    block_id=block.id,
                )
