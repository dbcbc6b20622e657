"""Which functions name which secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from workbench.blocks.registry import BlockRegistry
from workbench.flow.expressions import ExpressionError, parse_as
from workbench.flow.expressions.secret_names import SECRETS
from workbench.flow.model import Block, Flow
from workbench.secrets.models import SecretUse

SecretNames: TypeAlias = Callable[[str], frozenset[str]]
"""``secret_names(workspace_id)``: which secrets there are."""


def uses_of(functions: Iterable[tuple[str, str, Flow]], registry: BlockRegistry) -> dict[str, list[SecretUse]]:
    """By the name of a secret, the functions (id, name, flow) whose blocks name it, by function name."""
    found: dict[str, list[SecretUse]] = {}
    for function_id, name, flow in sorted(functions, key=lambda f: (f[1].casefold(), f[0])):
        blocks: dict[str, list[str]] = {}
        for block in flow.blocks:
            for secret in sorted(named_by(block, registry)):
                blocks.setdefault(secret, []).append(block.id)
        for secret, ids in blocks.items():
            use = SecretUse(function_id=function_id, function_name=name, block_ids=tuple(ids))
            found.setdefault(secret, []).append(use)
    return found


def named_by(block: Block, registry: BlockRegistry) -> dict[str, str]:
    """The secrets that a block names, each with the path of a config field that does."""
    named: dict[str, str] = {}
    for field in registry.expressions(block.type, block.config):
        if not field.takes_secrets or SECRETS not in field.text:
            continue
        try:
            template = parse_as(field.mode, field.text)
        except ExpressionError:
            continue
        named |= dict.fromkeys(template.secrets, field.path)
    return named
