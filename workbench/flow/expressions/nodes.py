"""Building guarded nodes: calls, constants folded where all is known, refusals with their place."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from workbench.flow.expressions.errors import ExpressionError
from workbench.flow.expressions.limits import Budget
from workbench.flow.expressions.syntax import offset, shorten

BUDGET = "_b"
_MOST_FOLDED = 1_000


class Builder:
    """Makes nodes for one source."""

    def __init__(self, source: str) -> None:
        self.source = source

    def call(
        self, name: str, node: ast.AST, *args: ast.expr, words: list[ast.keyword] | None = None, counted: bool = True
    ) -> ast.expr:
        budget = [load(BUDGET, node)] if counted else []
        return ast.Call(load(name, node), [*budget, *args], words or [], **at(node))

    def fold(
        self,
        call: Callable[..., Any],
        name: str,
        node: ast.expr,
        *args: ast.expr,
        words: list[ast.keyword] | None = None,
    ) -> ast.expr:
        """The call, or its value where all is constant: a result that is too large is refused before any run."""
        values = [a.value for a in args if isinstance(a, ast.Constant)]
        if not words and len(values) == len(args):
            done, value = self.attempt(node, lambda: call(Budget(), *values))
            if done and (type(value) in (int, float, bool) or (type(value) is str and len(value) <= _MOST_FOLDED)):
                return constant(value, node)
        return self.call(name, node, *args, words=words)

    def attempt(self, node: ast.AST, call: Callable[[], Any]) -> tuple[bool, Any]:
        try:
            return True, call()
        except ExpressionError as error:
            if error.code == "LIMIT":
                raise self.too_large(node, error.message) from None
        except (ArithmeticError, TypeError, ValueError, LookupError, RecursionError, MemoryError):
            pass
        return False, None

    def too_large(self, node: ast.AST, message: str) -> ExpressionError:
        shown = ast.get_source_segment(self.source, node) or self.source
        return ExpressionError("TOO_LARGE", f"{message[:-1]}: `{shorten(shown)}`.", None, offset(self.source, node))

    def refuse(self, node: ast.AST, message: str, hint: str | None = None) -> ExpressionError:
        return ExpressionError("FORBIDDEN", message, hint, offset(self.source, node))


def at(node: ast.AST) -> dict[str, Any]:
    """The place of `node`, for a node that stands for it."""
    return {name: getattr(node, name) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")}


def constant(value: Any, node: ast.AST) -> ast.Constant:
    """A constant in the place of `node`."""
    return ast.Constant(value, **at(node))


def load(name: str, node: ast.AST) -> ast.Name:
    """A name in the place of `node`."""
    return ast.Name(name, ast.Load(), **at(node))


def arguments(*names: str, of: ast.AST) -> ast.arguments:
    """The arguments of a lambda."""
    return ast.arguments([], [ast.arg(n, **at(of)) for n in names], None, [], [], None, [])


def weight(*nodes: ast.AST) -> int:
    """Steps that one turn of a loop counts for: its body's nodes by eight."""
    return 1 + (sum(1 for node in nodes for _ in ast.walk(node)) >> 3)
