"""A checked syntax tree to guarded code: every look-up, operator, loop and call goes through a counted function.

Each new node keeps the place of the node that it stands for, so that a traceback leads back to the source.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

from workbench.flow.expressions import operators, runtime, text
from workbench.flow.expressions.errors import ExpressionError, nearest
from workbench.flow.expressions.functions import DEFAULT, TABLE, Function, Key
from workbench.flow.expressions.limits import MAX_ITEMS, Budget
from workbench.flow.expressions.methods import ALL_METHODS, call_method
from workbench.flow.expressions.syntax import offset, shorten

FILENAME = "<expression>"
_GET, _BUDGET = "_get", "_b"
_LOCAL = "v_"
_LAZY = frozenset({"any", "all"})
_MOST_FOLDED = 1_000

NAMESPACE: dict[str, Any] = {
    "__builtins__": {},
    **{
        f"_{name}": call
        for table in (operators.BINARY, operators.UNARY, operators.COMPARE)
        for name, call in table.items()
    },
    **{f"_f_{name}": function.call for name, function in TABLE.items()},
    "_chain": operators.chain,
    "_field": runtime.field,
    "_item": runtime.item,
    "_cut": runtime.cut,
    "_loop": runtime.loop,
    "_key": runtime.key,
    "_default": runtime.default,
    "_method": call_method,
    "_keyed": Key,
    "_format": text.format_value,
    "_join": text.join,
}
"""All that compiled code can reach. Code has no way to bind a global, so this stays as it is."""


class Rewriter:
    """Rewrites one expression. `names` and `optional` are filled on the way."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.roots: list[str] = []
        self.sure: set[str] = set()
        self.makes_data = False
        self._bound: list[str] = []
        self._optional = 0

    def compile(self, tree: ast.expr) -> CodeType:
        """The code of a lambda (get, budget) → value."""
        body = self.rewrite(tree)
        function = ast.Lambda(_arguments(_GET, _BUDGET, at=tree), body, **_at(tree))
        try:
            return compile(ast.Expression(function), FILENAME, "eval", dont_inherit=True)
        except (RecursionError, MemoryError, SyntaxError, ValueError):
            raise ExpressionError("TOO_LARGE", "The expression is too deep to compile.", position=0) from None

    def rewrite(self, node: ast.expr) -> ast.expr:
        """The guarded form of `node`."""
        return getattr(self, f"_{type(node).__name__}")(node)

    # names and look-ups

    def _Constant(self, node: ast.Constant) -> ast.expr:
        return ast.Constant(node.value, **_at(node))

    def _Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._bound:
            return ast.Name(_LOCAL + node.id, ast.Load(), **_at(node))
        if node.id in TABLE or node.id == DEFAULT:
            raise self._refuse(node, f"`{node.id}` is a function of the language.", f"Call it: {node.id}(…).")
        self.roots.append(node.id)
        if not self._optional:
            self.sure.add(node.id)
        return ast.Call(ast.Name(_GET, ast.Load(), **_at(node)), [ast.Constant(node.id, **_at(node))], [], **_at(node))

    def _Attribute(self, node: ast.Attribute) -> ast.expr:
        return self._call("_field", node, self.rewrite(node.value), _constant(node.attr, node), counted=False)

    def _Subscript(self, node: ast.Subscript) -> ast.expr:
        value = self.rewrite(node.value)
        if isinstance(node.slice, ast.Slice):
            self.makes_data = True
            parts = (node.slice.lower, node.slice.upper, node.slice.step)
            return self._call("_cut", node, value, *(self.rewrite(p) if p else _constant(None, node) for p in parts))
        return self._call("_item", node, value, self.rewrite(node.slice))

    # operators

    def _BinOp(self, node: ast.BinOp) -> ast.expr:
        name = type(node.op).__name__
        left, right = self.rewrite(node.left), self.rewrite(node.right)
        self.makes_data |= name in ("Add", "Mult", "BitOr")
        if name == "Mult":
            self._check_repeat(node)
        return self._fold(operators.BINARY[name], f"_{name}", node, left, right)

    def _check_repeat(self, node: ast.BinOp) -> None:
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(one, ast.List | ast.Tuple) and isinstance(other, ast.Constant) and type(other.value) is int:
                if len(one.elts) * other.value > MAX_ITEMS:
                    raise self._too_large(node, f"This makes a list of more than {MAX_ITEMS:,} items.")

    def _UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        operand = self.rewrite(node.operand)
        if isinstance(node.op, ast.Not):
            return ast.UnaryOp(ast.Not(), operand, **_at(node))
        name = type(node.op).__name__
        return self._fold(operators.UNARY[name], f"_{name}", node, operand)

    def _BoolOp(self, node: ast.BoolOp) -> ast.expr:
        return ast.BoolOp(node.op, [self.rewrite(v) for v in node.values], **_at(node))

    def _IfExp(self, node: ast.IfExp) -> ast.expr:
        return ast.IfExp(self.rewrite(node.test), self.rewrite(node.body), self.rewrite(node.orelse), **_at(node))

    def _Compare(self, node: ast.Compare) -> ast.expr:
        if any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops):
            return self._identity(node)
        left = self.rewrite(node.left)
        names = [f"_{type(op).__name__}" for op in node.ops]
        if len(names) == 1:
            return self._call(names[0], node, left, self.rewrite(node.comparators[0]))
        steps: list[ast.expr] = [
            ast.Tuple([_load(name, node), self._thunk(right)], ast.Load(), **_at(node))
            for name, right in zip(names, node.comparators, strict=True)
        ]
        return self._call("_chain", node, left, *steps)

    def _identity(self, node: ast.Compare) -> ast.expr:
        right = node.comparators[0]
        if len(node.ops) != 1 or not (isinstance(right, ast.Constant) and right.value in (None, True, False)):
            raise self._refuse(node, "`is` only compares with None, True or False.", "Write `==`.")
        if type(right.value) not in (bool, type(None)):
            raise self._refuse(node, "`is` only compares with None, True or False.", "Write `==`.")
        return ast.Compare(self.rewrite(node.left), node.ops, [_constant(right.value, right)], **_at(node))

    # literals

    def _List(self, node: ast.List | ast.Tuple) -> ast.expr:
        self.makes_data = True
        return ast.List([self.rewrite(e) for e in node.elts], ast.Load(), **_at(node))

    _Tuple = _List

    def _Dict(self, node: ast.Dict) -> ast.expr:
        self.makes_data = True
        keys: list[ast.expr | None] = []
        for key in node.keys:
            if key is None:
                raise self._refuse(node, "`**` is not allowed in an object.", "Write a | b.")
            keys.append(self._dict_key(key))
        return ast.Dict(keys, [self.rewrite(v) for v in node.values], **_at(node))

    def _dict_key(self, key: ast.expr) -> ast.expr:
        if isinstance(key, ast.Constant) and type(key.value) is str:
            return _constant(key.value, key)
        return self._call("_key", key, self.rewrite(key), counted=False)

    def _JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        parts = [self.rewrite(v) for v in node.values]
        return self._call("_join", node, ast.List(parts, ast.Load(), **_at(node)))

    def _FormattedValue(self, node: ast.FormattedValue) -> ast.expr:
        if node.conversion not in (-1, ord("s"), ord("r")):
            raise self._refuse(node, "`!a` is not allowed in an f-string.", "Leave it out, or write `!r`.")
        spec = self.rewrite(node.format_spec) if node.format_spec else _constant("", node)
        if isinstance(node.format_spec, ast.JoinedStr):
            fixed = [v.value for v in node.format_spec.values if isinstance(v, ast.Constant)]
            if len(fixed) == len(node.format_spec.values) and "%" not in "".join(fixed)[:-1]:
                self._try(node, lambda: text.check_spec("".join(fixed)))
                spec = _constant("".join(fixed), node)
        return self._call("_format", node, self.rewrite(node.value), _constant(node.conversion, node), spec)

    # loops

    def _ListComp(self, node: ast.ListComp | ast.GeneratorExp) -> ast.expr:
        self.makes_data = True
        with self._loops(node.generators, node.elt) as generators:
            return ast.ListComp(self.rewrite(node.elt), generators, **_at(node))

    def _GeneratorExp(self, node: ast.GeneratorExp) -> ast.expr:
        return self._ListComp(node)

    def _lazy(self, node: ast.GeneratorExp) -> ast.expr:
        with self._loops(node.generators, node.elt) as generators:
            return ast.GeneratorExp(self.rewrite(node.elt), generators, **_at(node))

    def _DictComp(self, node: ast.DictComp) -> ast.expr:
        self.makes_data = True
        with self._loops(node.generators, node.key, node.value) as generators:
            return ast.DictComp(self._dict_key(node.key), self.rewrite(node.value), generators, **_at(node))

    @contextmanager
    def _loops(self, loops: list[ast.comprehension], *body: ast.expr) -> Iterator[list[ast.comprehension]]:
        before = len(self._bound)
        made: list[ast.comprehension] = []
        try:
            for place, one in enumerate(loops):
                inner: list[ast.AST] = [*body, *one.ifs]
                for later in loops[place + 1 :]:
                    inner += [later.iter, *later.ifs]
                extra = [] if isinstance(one.target, ast.Name) else [self._shape(one.target)]
                source = self._call(
                    "_loop", one.iter, self.rewrite(one.iter), _constant(_weight(*inner), one.iter), *extra
                )
                target = self._bind(one.target)
                made.append(ast.comprehension(target, source, [self.rewrite(t) for t in one.ifs], 0))
            yield made
        finally:
            del self._bound[before:]

    def _shape(self, target: ast.expr) -> ast.expr:
        if isinstance(target, ast.Name):
            return _constant(None, target)
        if not isinstance(target, ast.Tuple | ast.List):
            raise self._refuse(target, "A loop binds names only.")
        return ast.Tuple([self._shape(t) for t in target.elts], ast.Load(), **_at(target))

    def _bind(self, target: ast.expr) -> ast.expr:
        if isinstance(target, ast.Tuple | ast.List):
            return ast.Tuple([self._bind(t) for t in target.elts], ast.Store(), **_at(target))
        assert isinstance(target, ast.Name)
        self._bind_name(target.id, target)
        return ast.Name(_LOCAL + target.id, ast.Store(), **_at(target))

    def _bind_name(self, name: str, node: ast.AST) -> None:
        if name in TABLE or name == DEFAULT:
            raise self._refuse(node, f"`{name}` is a function of the language.", "Choose another name.")
        self._bound.append(name)

    # calls

    def _Lambda(self, node: ast.Lambda) -> ast.expr:
        raise self._refuse(node, "`lambda` is only allowed as key= of sorted, min or max.")

    def _Call(self, node: ast.Call) -> ast.expr:
        if any(isinstance(a, ast.Starred) for a in node.args):
            raise self._refuse(node, "`*` in a call is not allowed here.")
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func)
        if not isinstance(node.func, ast.Name):
            raise self._refuse(node, "Only functions of the language and methods can be called.")
        name = node.func.id
        if name == DEFAULT:
            return self._default(node)
        if name not in TABLE:
            word = nearest(name, [*TABLE, DEFAULT])
            hint = f"Did you mean {word}?" if word else f"The functions are {', '.join(sorted([*TABLE, DEFAULT]))}."
            raise self._refuse(node, f"There is no function `{name}`.", hint)
        return self._function(node, TABLE[name])

    def _function(self, node: ast.Call, function: Function) -> ast.expr:
        self._check_arguments(node, function)
        self.makes_data = True
        name = f"_f_{function.name}"
        if function.name in _LAZY and isinstance(node.args[0], ast.GeneratorExp):
            return self._call(name, node, self._lazy(node.args[0]))
        args = [self.rewrite(a) for a in node.args]
        words = [ast.keyword(w.arg, self._word(w), **_at(w)) for w in node.keywords]
        return self._fold(function.call, name, node, *args, words=words)

    def _check_arguments(self, node: ast.Call, function: Function) -> None:
        for word in node.keywords:
            if word.arg not in function.words:
                known = ", ".join(f"{w}=" for w in function.words) or "none by name"
                raise self._refuse(node, f"`{function.name}` has no argument `{word.arg}=`.", f"It takes {known}.")
        given = len(node.args)
        if not function.least <= given <= function.most:
            raise self._refuse(
                node, f"`{function.name}` does not take {given} arguments.", f"Write {function.signature}."
            )
        named = {w.arg for w in node.keywords}
        if len(named) != len(node.keywords) or given + len(named - {"key", "default", "reverse"}) > max(
            function.most, len(function.words)
        ):
            raise self._refuse(node, f"`{function.name}` is given an argument twice.", f"Write {function.signature}.")

    def _word(self, word: ast.keyword) -> ast.expr:
        if word.arg != "key":
            return self.rewrite(word.value)
        if isinstance(word.value, ast.Constant) and word.value.value is None:
            return _constant(None, word.value)
        if not isinstance(word.value, ast.Lambda):
            raise self._refuse(word.value, "key= takes a lambda.", "Write key=lambda x: x.field.")
        spec = word.value.args
        others = spec.posonlyargs or spec.kwonlyargs or spec.defaults or spec.vararg or spec.kwarg
        if others or len(spec.args) != 1:
            raise self._refuse(word.value, "A key lambda takes one name.", "Write key=lambda x: x.field.")
        name = spec.args[0].arg
        self._bind_name(name, word.value)
        try:
            body = self.rewrite(word.value.body)
        finally:
            self._bound.pop()
        apply = ast.Lambda(_arguments(_LOCAL + name, at=word.value), body, **_at(word.value))
        return self._call("_keyed", word.value, apply, _constant(_weight(word.value.body), word.value))

    def _default(self, node: ast.Call) -> ast.expr:
        if len(node.args) != 2 or node.keywords:
            raise self._refuse(node, "`default` takes an expression and a fallback.", "Write default(a.b, 0).")
        self._optional += 1
        try:
            wanted = self._thunk(node.args[0])
        finally:
            self._optional -= 1
        return self._call("_default", node, wanted, self._thunk(node.args[1]))

    def _method(self, node: ast.Call, func: ast.Attribute) -> ast.expr:
        if func.attr not in ALL_METHODS and isinstance(func.value, ast.Constant):
            raise ExpressionError(
                "UNKNOWN_METHOD", f"There is no method `{func.attr}`.", None, offset(self.source, node)
            )
        self.makes_data = True
        args = [self.rewrite(func.value), _constant(func.attr, func), *(self.rewrite(a) for a in node.args)]
        words = [ast.keyword(w.arg, self.rewrite(w.value), **_at(w)) for w in node.keywords]
        return self._fold(call_method, "_method", node, *args, words=words)

    # building

    def _thunk(self, node: ast.expr) -> ast.expr:
        return ast.Lambda(_arguments(at=node), self.rewrite(node), **_at(node))

    def _call(
        self, name: str, node: ast.AST, *args: ast.expr, words: list[ast.keyword] | None = None, counted: bool = True
    ) -> ast.expr:
        budget = [_load(_BUDGET, node)] if counted else []
        return ast.Call(_load(name, node), [*budget, *args], words or [], **_at(node))

    def _fold(
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
            done, value = self._try(node, lambda: call(Budget(), *values))
            if done and (type(value) in (int, float, bool) or (type(value) is str and len(value) <= _MOST_FOLDED)):
                return _constant(value, node)
        return self._call(name, node, *args, words=words)

    def _try(self, node: ast.AST, call: Callable[[], Any]) -> tuple[bool, Any]:
        try:
            return True, call()
        except ExpressionError as error:
            if error.code == "LIMIT":
                raise self._too_large(node, error.message) from None
        except (ArithmeticError, TypeError, ValueError, LookupError, RecursionError, MemoryError):
            pass
        return False, None

    def _too_large(self, node: ast.AST, message: str) -> ExpressionError:
        shown = ast.get_source_segment(self.source, node) or self.source
        return ExpressionError("TOO_LARGE", f"{message[:-1]}: `{shorten(shown)}`.", None, offset(self.source, node))

    def _refuse(self, node: ast.AST, message: str, hint: str | None = None) -> ExpressionError:
        return ExpressionError("FORBIDDEN", message, hint, offset(self.source, node))


def _at(node: ast.AST) -> dict[str, Any]:
    return {
        "lineno": node.lineno,  # pyright: ignore[reportAttributeAccessIssue]
        "col_offset": node.col_offset,  # pyright: ignore[reportAttributeAccessIssue]
        "end_lineno": node.end_lineno,  # pyright: ignore[reportAttributeAccessIssue]
        "end_col_offset": node.end_col_offset,  # pyright: ignore[reportAttributeAccessIssue]
    }


def _constant(value: Any, node: ast.AST) -> ast.Constant:
    return ast.Constant(value, **_at(node))


def _load(name: str, node: ast.AST) -> ast.Name:
    return ast.Name(name, ast.Load(), **_at(node))


def _arguments(*names: str, at: ast.AST) -> ast.arguments:
    return ast.arguments([], [ast.arg(n, **_at(at)) for n in names], None, [], [], None, [])


def _weight(*nodes: ast.AST) -> int:
    """Steps that one turn of a loop counts for: its body's nodes by eight."""
    return 1 + (sum(1 for node in nodes for _ in ast.walk(node)) >> 3)
