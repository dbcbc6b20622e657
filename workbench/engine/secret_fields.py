"""Fields that may name secrets: filled in at the attempt, with the values of that moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from workbench.base.errors import BlockFailed
from workbench.engine.redaction import SecretsInUse
from workbench.flow.expressions import Template
from workbench.flow.expressions.compiled import Compiled
from workbench.flow.expressions.secret_names import SECRETS

Get: TypeAlias = Callable[[str], Any]
Fill: TypeAlias = Callable[[Get], Any]

IN_USE = "secrets in use"
"""What such a field asks its step for: the `SecretsInUse` of the attempt. No expression can write this name."""


def with_secrets(template: Template) -> Fill:
    """Evaluate a template that names secrets; what its expressions make of them is taken for secret too."""
    is_optional = SECRETS in template.optional_names
    parts = [part for part in template.parts if isinstance(part, Compiled) and part.secrets]

    def fill(get: Get) -> Any:
        in_use: SecretsInUse = get(IN_USE)
        values = in_use.read(template.secrets)
        missing = sorted(template.secrets - values.keys())
        if missing and not is_optional:
            raise missing_secret(missing[0])

        def see(name: str) -> Any:
            return values if name == SECRETS else get(name)

        for part in parts:
            in_use.derived(part.evaluate(see))
        return template.evaluate(see)

    return fill


def missing_secret(name: str) -> BlockFailed:
    """An expression names a secret that does not exist."""
    return BlockFailed(
        f"There is no secret `{name}` in this workspace.",
        kind="SECRET",
        hint=f'Set it on the canvas, by `workbench secrets set {name}`, or by bench.secrets["{name}"] = …',
    )
