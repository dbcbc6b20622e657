"""Which secrets an expression names: only `secrets.name` and `secrets["name"]`, so that it is known before it runs."""

from __future__ import annotations

import ast

from workbench.flow.expressions.errors import ExpressionError
from workbench.flow.expressions.syntax import offset

SECRETS = "secrets"
"""The root name by which expressions read secrets."""


def secret_names(tree: ast.expr, source: str) -> frozenset[str]:
    """The names of the secrets in an expression. Raises ExpressionError where `secrets` is used in another way."""
    names: set[str] = set()
    read: set[int] = set()
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="secrets"), attr=name) if id(node) not in called:
                pass
            case ast.Subscript(value=ast.Name(id="secrets"), slice=ast.Constant(value=str(name))):
                pass
            case _:
                continue
        names.add(name)
        read.add(id(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == SECRETS and id(node) not in read:
            raise ExpressionError(
                "FORBIDDEN",
                "`secrets` is not a value of its own: it is read by the name of one secret.",
                "Write secrets.name, as in {{ secrets.api_token }}.",
                offset(source, node),
            )
    return frozenset(names)
