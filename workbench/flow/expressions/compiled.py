"""One compiled expression: evaluate it, and lead what goes wrong back to its source."""

from __future__ import annotations

import ast
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeAlias

import polars as pl

from workbench.flow.expressions.errors import IT, ExpressionError
from workbench.flow.expressions.limits import Budget
from workbench.flow.expressions.rewrite import FILENAME, NAMESPACE, Rewriter
from workbench.flow.expressions.secret_names import SECRETS, secret_names
from workbench.flow.expressions.syntax import offset, parse, shorten
from workbench.flow.expressions.values import TABLE_HINT, TABLE_TEXT, finish

Get: TypeAlias = Callable[[str], Any]
"""Gives the value of a root name, or raises ExpressionError."""

_EXPECTED = (
    ArithmeticError, TypeError, ValueError, LookupError, RecursionError, MemoryError, pl.exceptions.PolarsError,
)  # fmt: skip

_NAMED = frozenset({"UNKNOWN_NAME", "BLOCK_SKIPPED", "NOT_IN_SCOPE", "VARIABLE_RACE"})
"""Errors of `get`, whose message names the name."""


class Compiled:
    """An expression, parsed and compiled once."""

    __slots__ = ("_call", "_checks", "names", "optional", "roots", "secrets", "source", "start")

    def __init__(self, source: str, start: int = 0) -> None:
        self.source = source
        self.start = start
        """Where the source begins in the text as given."""
        rewriter = Rewriter(source)
        try:
            tree = parse(source)
            named = secret_names(tree, source) if SECRETS in source else frozenset[str]()
            code = rewriter.compile(tree)
        except ExpressionError as error:
            raise self._placed(error) from None
        except RecursionError:
            raise ExpressionError("TOO_LARGE", "The expression is nested too deep.", position=start) from None
        self._call: Callable[[Get, Budget], Any] = eval(code, NAMESPACE)  # noqa: S307 - checked and rewritten code only
        self._checks = rewriter.makes_data
        self.roots = tuple(rewriter.roots)
        """Root names in order of use, with repeats."""
        self.names = frozenset(self.roots)
        self.optional = self.names - rewriter.sure
        """Names that stand only inside default(…)."""
        self.secrets = named
        """Names of the secrets that it reads."""

    def evaluate(self, get: Get) -> Any:
        """The value. Raises ExpressionError only, or a WorkbenchError that `get` raised."""
        try:
            value = self._call(get, Budget())
            return finish(value) if self._checks else value
        except ExpressionError as error:
            raise self._located(error, error.__traceback__) from None
        except _EXPECTED as error:
            raise self._located(_translated(error), error.__traceback__) from None

    def _placed(self, error: ExpressionError) -> ExpressionError:
        if error.position is not None:
            error.position += self.start
        error.expression = self.source
        error.is_located = True
        return error

    def _located(self, error: ExpressionError, trace: TracebackType | None) -> ExpressionError:
        if error.is_located:
            return error
        error.is_located = True
        node = _failing(self.source, trace)
        subject = "the value"
        if node is not None:
            error.position = self.start + (offset(self.source, node) or 0)
            inner = node.func if isinstance(node, ast.Call) else node
            if isinstance(inner, ast.Attribute | ast.Subscript):
                subject = shorten(ast.unparse(inner.value), 80)
        else:
            error.position = self.start
        quoted = f"`{subject}`" if node is not None else subject
        message = error.message.replace(IT, quoted)
        shown = shorten(ast.unparse(node) if node is not None else self.source)
        is_named = IT in error.message or error.code in _NAMED
        error.message = message if is_named else f"{message.removesuffix('.')} in `{shown}`."
        error.args = (error.message,)
        error.hint = error.hint.replace(IT, subject) if error.hint else None
        error.expression = self.source
        return error


def _failing(source: str, trace: TracebackType | None) -> ast.expr | None:
    """The node whose code raised, by the positions that the innermost compiled frame keeps."""
    found = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILENAME:
            found = trace
        trace = trace.tb_next
    if found is None:
        return None
    positions = list(found.tb_frame.f_code.co_positions())[found.tb_lasti // 2]
    line, end_line, column, end_column = positions
    if line is None or column is None:
        return None
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.expr) and (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset) == (
            line, end_line, column, end_column,
        ):  # fmt: skip
            return node
    return None


def _translated(error: Exception) -> ExpressionError:
    if isinstance(error, KeyError):
        return ExpressionError("UNKNOWN_NAME", f"There is no `{error.args[0]}` here.")
    text = str(error).split("\n")[0][:300]
    if isinstance(error, ZeroDivisionError):
        return ExpressionError("ZERO_DIVISION", "Division by zero.", "Test for 0 first: a / b if b else 0.")
    if isinstance(error, OverflowError):
        return ExpressionError("LIMIT", f"The number or date is out of range ({text}).")
    if isinstance(error, RecursionError | MemoryError):
        return ExpressionError("LIMIT", "The value is too large or nested too deep.")
    if isinstance(error, TypeError):
        if "DataFrame" in text:
            return ExpressionError("TYPE", TABLE_TEXT, TABLE_HINT)
        if "NoneType" in text and "not supported between" in text:
            return ExpressionError(
                "TYPE", "null cannot be compared by size.", "Test it first: `x is not None and x > 1`."
            )
        for python, word in (("'NoneType'", "null"), ("'str'", "text"), ("'int'", "a whole number"),
                             ("'float'", "a number"), ("'list'", "a list"), ("'dict'", "an object")):  # fmt: skip
            text = text.replace(python, word)
        return ExpressionError("TYPE", f"{text[:1].upper()}{text[1:]}.")
    return ExpressionError("VALUE", f"{text[:1].upper()}{text[1:]}.")
