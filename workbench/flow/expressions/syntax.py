"""Text to syntax tree: parse with `ast`, allow only listed node kinds and names, hold size and depth."""

from __future__ import annotations

import ast
import keyword
import re
import warnings

from workbench.flow.expressions.errors import ExpressionError
from workbench.flow.expressions.limits import MAX_BITS, MAX_DEPTH, MAX_NODES, MAX_SOURCE

ALLOWED: frozenset[type[ast.AST]] = frozenset({
    ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Store, ast.Attribute, ast.Subscript, ast.Slice,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow,
    ast.LShift, ast.RShift, ast.BitAnd, ast.BitOr, ast.BitXor,
    ast.UnaryOp, ast.UAdd, ast.USub, ast.Not, ast.Invert,
    ast.BoolOp, ast.And, ast.Or, ast.IfExp,
    ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Is, ast.IsNot,
    ast.List, ast.Tuple, ast.Dict, ast.JoinedStr, ast.FormattedValue,
    ast.ListComp, ast.DictComp, ast.GeneratorExp, ast.comprehension,
    ast.Call, ast.keyword, ast.Lambda, ast.arguments, ast.arg,
})  # fmt: skip

_WORDS: dict[type[ast.AST], tuple[str, str | None]] = {
    ast.NamedExpr: ("`:=`", None),
    ast.Await: ("`await`", None),
    ast.Yield: ("`yield`", None),
    ast.YieldFrom: ("`yield`", None),
    ast.Starred: ("`*` unpacking", "Join lists with `+`."),
    ast.Set: ("a set", "Use a list; unique(list) drops repeats."),
    ast.SetComp: ("a set", "Use a list; unique(list) drops repeats."),
    ast.MatMult: ("`@`", None),
}

_KEYWORD_FIELD = re.compile(r"\.\s*([A-Za-z]+)\b")
_MAX_BRACKETS = 90
_PREFIXES = re.compile(r"(?:(?:[-+~]|\bnot\b|\blambda\b[^:]{0,40}:)\s*){60}")
_MAY_WARN = re.compile(r"\\|\d(?:and|or|if|in|is|else|for|not)")


def parse(source: str) -> ast.expr:
    """Parse one expression and check every node.

    Raises ExpressionError SYNTAX, FORBIDDEN or TOO_LARGE, with `position` in characters of `source`.
    """
    tree = _read(source)
    _check(tree, source)
    return tree


def _read(source: str) -> ast.expr:
    if len(source) > MAX_SOURCE:
        raise ExpressionError("TOO_LARGE", f"An expression may have at most {MAX_SOURCE:,} characters.", position=0)
    if not source.strip():
        raise ExpressionError("SYNTAX", "The expression is empty.", "Write one, such as {{ input.amount }}.", 0)
    if _brackets(source) > _MAX_BRACKETS or _PREFIXES.search(source):
        raise _too_deep()
    try:
        if _MAY_WARN.search(source):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return _ast(source)
        return _ast(source)
    except SyntaxError as error:
        raise _syntax(error, source) from None
    except (RecursionError, MemoryError):
        raise _too_deep() from None
    except ValueError:
        raise ExpressionError("SYNTAX", "The text holds characters that no expression can have.", position=0) from None


def _brackets(source: str) -> int:
    depth = most = 0
    for char in source:
        if char in "([{":
            depth += 1
            most = max(most, depth)
        elif char in ")]}" and depth:
            depth -= 1
    return most


def _ast(source: str) -> ast.expr:
    """The tree, with positions as in `source` (columns of the first line count from its first character)."""
    lead = len(source) - len(source.lstrip(" \t"))
    if "\n" not in source and "\r" not in source and "#" not in source and "\f" not in source:
        body = ast.parse(source.strip(" \t"), mode="eval").body
        return _moved(body, lead)
    body = ast.parse("[" + source + "\n]", mode="eval").body
    if not isinstance(body, ast.List) or len(body.elts) != 1 or isinstance(body.elts[0], ast.Starred):
        raise SyntaxError("this is not one expression")
    return _moved(body.elts[0], -1)


def _moved(tree: ast.expr, columns: int) -> ast.expr:
    if columns:
        for node in ast.walk(tree):
            if isinstance(node, ast.expr | ast.keyword | ast.arg):
                if node.lineno == 1:
                    node.col_offset = max(0, node.col_offset + columns)
                if node.end_lineno == 1 and node.end_col_offset is not None:
                    node.end_col_offset = max(0, node.end_col_offset + columns)
    return tree


def _syntax(error: SyntaxError, source: str) -> ExpressionError:
    message = (error.msg or "invalid syntax").split(" (<unknown>")[0]
    if "too many nested" in message:
        return _too_deep()
    hint = None
    if "Perhaps you forgot a comma" in message:
        message = "invalid syntax"
    elif "Maybe you meant '=='" in message:
        message, hint = "`=` assigns; an expression only compares", "Write `==`."
    if message.startswith("invalid syntax") and ("&&" in source or "||" in source):
        hint = "Write `and` and `or` for && and ||."
    elif message.startswith("invalid syntax") and "?" in source:
        hint = "Write `a if test else b` for test ? a : b."
    word = _KEYWORD_FIELD.search(source)
    if hint is None and word and keyword.iskeyword(word[1]):
        hint = f'`{word[1]}` is a word of the language; write ["{word[1]}"] for a field of that name.'
    line, column = error.lineno or 1, error.offset or 1
    lines = source.split("\n")
    lead = len(source) - len(source.lstrip(" \t")) if len(lines) == 1 else 0
    position = sum(len(part) + 1 for part in lines[: line - 1]) + max(0, column - 1) + lead
    return ExpressionError(
        "SYNTAX", f"`{shorten(source)}` is not an expression: {message}.", hint, min(position, len(source))
    )


def _too_deep() -> ExpressionError:
    return ExpressionError("TOO_LARGE", f"The expression is nested more than {MAX_DEPTH} deep.", position=0)


def _check(tree: ast.expr, source: str) -> None:
    count = 0
    level: list[ast.AST] = [tree]
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep()
        below: list[ast.AST] = []
        for node in level:
            count += 1
            if type(node) not in ALLOWED:
                raise _forbidden(node, source)
            _check_node(node, source)
            below.extend(ast.iter_child_nodes(node))
        if count + len(below) > MAX_NODES:
            raise ExpressionError("TOO_LARGE", "The expression has too many parts.", "Split it over blocks.", 0)
        level = below


def _check_node(node: ast.AST, source: str) -> None:
    if isinstance(node, ast.Name):
        check_name(node.id, offset(source, node))
    elif isinstance(node, ast.arg):
        check_name(node.arg, offset(source, node))
    elif isinstance(node, ast.keyword):
        if node.arg is None:
            raise ExpressionError("FORBIDDEN", "`**` in a call is not allowed here.", position=offset(source, node))
        check_name(node.arg, offset(source, node))
    elif isinstance(node, ast.Attribute):
        if node.attr.startswith("_"):
            raise ExpressionError(
                "FORBIDDEN",
                f"`.{node.attr}` is not allowed: a field after a dot may not start with `_`.",
                f'Write ["{node.attr}"] for a field of that name.',
                offset(source, node),
            )
    elif isinstance(node, ast.Constant):
        _check_constant(node, source)
    elif isinstance(node, ast.comprehension) and node.is_async:
        raise ExpressionError("FORBIDDEN", "`async` is not allowed in an expression.")


def _check_constant(node: ast.Constant, source: str) -> None:
    value = node.value
    if value is not None and type(value) not in (bool, int, float, str):
        raise ExpressionError(
            "FORBIDDEN",
            f"`{shorten(repr(value))}` is not allowed: values are null, true, false, numbers, text, lists and objects.",
            position=offset(source, node),
        )
    if type(value) is int and value.bit_length() > MAX_BITS:
        raise ExpressionError(
            "TOO_LARGE", f"A whole number may have at most {MAX_BITS:,} bits.", position=offset(source, node)
        )


def check_name(name: str, position: int | None = None) -> None:
    """Refuse names with two leading underscores. Names are NFKC-normalised by the parser before this sees them."""
    if name.startswith("__"):
        raise ExpressionError("FORBIDDEN", f"`{name}` is not allowed: no name may start with `__`.", position=position)


def _forbidden(node: ast.AST, source: str) -> ExpressionError:
    word, hint = _WORDS.get(type(node), (type(node).__name__, None))
    return ExpressionError("FORBIDDEN", f"{word} is not allowed in an expression.", hint, offset(source, node))


def offset(source: str, node: ast.AST) -> int | None:
    """Where `node` starts, in characters of `source`."""
    line: int | None = getattr(node, "lineno", None)
    column: int | None = getattr(node, "col_offset", None)
    if line is None or column is None:
        return None
    lines = source.split("\n")
    if line > len(lines):
        return 0
    before: str = lines[line - 1].encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore")
    return sum(len(part) + 1 for part in lines[: line - 1]) + len(before)


def shorten(text: str, most: int = 120) -> str:
    """`text` on one line of at most `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
