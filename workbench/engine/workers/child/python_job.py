"""Running a python block: its value is what it returns, its last expression, or `result`."""

from __future__ import annotations

import ast
from typing import Any

FILENAME = "<block>"


def run_python(code: str, names: dict[str, Any]) -> Any:
    """The value of `code` with `names` in sight. Raises what the code raises."""
    tree = ast.parse(code, FILENAME)
    if not tree.body:
        return None
    return _as_function(tree, names) if _returns(tree) else _as_module(tree, names)


def _returns(tree: ast.Module) -> bool:
    """Whether a `return` stands in the body itself, not inside a function or class of its own."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Return):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
    return False


def _as_module(tree: ast.Module, names: dict[str, Any]) -> Any:
    last = tree.body[-1]
    expression = ast.Expression(tree.body.pop().value) if isinstance(last, ast.Expr) else None  # type: ignore[attr-defined]
    scope = {"__name__": "__block__", "__builtins__": __builtins__, **names}
    exec(compile(tree, FILENAME, "exec"), scope)  # noqa: S102 - this process exists to run the code
    value = None if expression is None else eval(compile(expression, FILENAME, "eval"), scope)  # noqa: S307
    return scope.get("result") if value is None else value


def _as_function(tree: ast.Module, names: dict[str, Any]) -> Any:
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        tree.body[-1] = ast.copy_location(ast.Return(last.value), last)
    else:
        end = ast.parse("return locals().get('result')").body[0]
        tree.body.append(ast.increment_lineno(end, getattr(last, "end_lineno", 1) or 1))
    arguments = ast.arguments(
        posonlyargs=[], args=[ast.arg(name) for name in names], kwonlyargs=[], kw_defaults=[], defaults=[]
    )
    function = ast.parse("def block(): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.args, function.body = arguments, tree.body
    module = ast.fix_missing_locations(ast.Module([function], []))
    scope: dict[str, Any] = {"__name__": "__block__", "__builtins__": __builtins__}
    exec(compile(module, FILENAME, "exec"), scope)  # noqa: S102
    return scope["block"](**names)


def line_of(error: BaseException) -> int | None:
    """The last line of the block's code that the error went through."""
    if isinstance(error, SyntaxError) and error.filename == FILENAME:
        return error.lineno
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILENAME:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
