"""A checked syntax tree to guarded code: every look-up, operator, loop and call goes through a counted function.

Each new node keeps the place of the node that it stands for, so that a traceback leads back to the source.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import CodeType
from typing import Any

from workbench.flow.expressions import operators, runtime, text
from workbench.flow.expressions.calls import LOCAL, CallRewriter
from workbench.flow.expressions.errors import ExpressionError
from workbench.flow.expressions.functions import DEFAULT, TABLE
from workbench.flow.expressions.limits import MAX_ITEMS
from workbench.flow.expressions.methods import call_method
from workbench.flow.expressions.nodes import BUDGET, arguments, at, constant, load, weight
from workbench.flow.expressions.sequences import Key

FILENAME = "<expression>"
_GET = "_get"

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


class Rewriter(CallRewriter):
    """Rewrites one expression. `roots` and `sure` are filled on the way."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.roots: list[str] = []
        self.sure: set[str] = set()

    def compile(self, tree: ast.expr) -> CodeType:
        """The code of a lambda (get, budget) → value."""
        body = self.rewrite(tree)
        function = ast.Lambda(arguments(_GET, BUDGET, of=tree), body, **at(tree))
        try:
            return compile(ast.Expression(function), FILENAME, "eval", dont_inherit=True)
        except (RecursionError, MemoryError, SyntaxError, ValueError):
            raise ExpressionError("TOO_LARGE", "The expression is too deep to compile.", position=0) from None

    def rewrite(self, node: ast.expr) -> ast.expr:
        """The guarded form of `node`."""
        return _HANDLERS[type(node)](self, node)

    # names and look-ups

    def on_constant(self, node: ast.Constant) -> ast.expr:
        return ast.Constant(node.value, **at(node))

    def on_name(self, node: ast.Name) -> ast.expr:
        if node.id in self.bound:
            return ast.Name(LOCAL + node.id, ast.Load(), **at(node))
        if node.id in TABLE or node.id == DEFAULT:
            raise self.refuse(node, f"`{node.id}` is a function of the language.", f"Call it: {node.id}(…).")
        self.roots.append(node.id)
        if not self.optional:
            self.sure.add(node.id)
        return ast.Call(ast.Name(_GET, ast.Load(), **at(node)), [ast.Constant(node.id, **at(node))], [], **at(node))

    def on_attribute(self, node: ast.Attribute) -> ast.expr:
        return self.call("_field", node, self.rewrite(node.value), constant(node.attr, node))

    def on_subscript(self, node: ast.Subscript) -> ast.expr:
        value = self.rewrite(node.value)
        if isinstance(node.slice, ast.Slice):
            self.makes_data = True
            parts = (node.slice.lower, node.slice.upper, node.slice.step)
            return self.call("_cut", node, value, *(self.rewrite(p) if p else constant(None, node) for p in parts))
        return self.call("_item", node, value, self.rewrite(node.slice))

    # operators

    def on_binary(self, node: ast.BinOp) -> ast.expr:
        name = type(node.op).__name__
        left, right = self.rewrite(node.left), self.rewrite(node.right)
        self.makes_data |= name in ("Add", "Mult", "BitOr")
        if name == "Mult":
            self._check_repeat(node, left, right)
        return self.fold(operators.BINARY[name], f"_{name}", node, left, right)

    def _check_repeat(self, node: ast.BinOp, left: ast.expr, right: ast.expr) -> None:
        for one, other in ((left, right), (right, left)):
            if not isinstance(one, ast.List) or not isinstance(other, ast.Constant) or type(other.value) is not int:
                continue
            if len(one.elts) * other.value > MAX_ITEMS:
                raise self.too_large(node, f"This makes a list of more than {MAX_ITEMS:,} items.")

    def on_unary(self, node: ast.UnaryOp) -> ast.expr:
        operand = self.rewrite(node.operand)
        if isinstance(node.op, ast.Not):
            return ast.UnaryOp(ast.Not(), operand, **at(node))
        name = type(node.op).__name__
        return self.fold(operators.UNARY[name], f"_{name}", node, operand)

    def on_boolean(self, node: ast.BoolOp) -> ast.expr:
        return ast.BoolOp(node.op, [self.rewrite(v) for v in node.values], **at(node))

    def on_choice(self, node: ast.IfExp) -> ast.expr:
        return ast.IfExp(self.rewrite(node.test), self.rewrite(node.body), self.rewrite(node.orelse), **at(node))

    def on_compare(self, node: ast.Compare) -> ast.expr:
        if any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops):
            return self._identity(node)
        left = self.rewrite(node.left)
        names = [f"_{type(op).__name__}" for op in node.ops]
        if len(names) == 1:
            return self.call(names[0], node, left, self.rewrite(node.comparators[0]))
        steps: list[ast.expr] = [
            ast.Tuple([load(name, node), self.thunk(right)], ast.Load(), **at(node))
            for name, right in zip(names, node.comparators, strict=True)
        ]
        return self.call("_chain", node, left, *steps)

    def _identity(self, node: ast.Compare) -> ast.expr:
        right = node.comparators[0]
        if len(node.ops) != 1 or not (isinstance(right, ast.Constant) and right.value in (None, True, False)):
            raise self.refuse(node, "`is` only compares with None, True or False.", "Write `==`.")
        if type(right.value) not in (bool, type(None)):
            raise self.refuse(node, "`is` only compares with None, True or False.", "Write `==`.")
        left = self.rewrite(node.left)
        if isinstance(left, ast.Constant):
            return constant((left.value is right.value) == isinstance(node.ops[0], ast.Is), node)
        return ast.Compare(left, node.ops, [constant(right.value, right)], **at(node))

    # literals

    def on_list(self, node: ast.List | ast.Tuple) -> ast.expr:
        self.makes_data = True
        return ast.List([self.rewrite(e) for e in node.elts], ast.Load(), **at(node))

    def on_dict(self, node: ast.Dict) -> ast.expr:
        self.makes_data = True
        keys: list[ast.expr | None] = []
        for key in node.keys:
            if key is None:
                raise self.refuse(node, "`**` is not allowed in an object.", "Write a | b.")
            keys.append(self._dict_key(key))
        return ast.Dict(keys, [self.rewrite(v) for v in node.values], **at(node))

    def _dict_key(self, key: ast.expr) -> ast.expr:
        if isinstance(key, ast.Constant) and type(key.value) is str:
            return constant(key.value, key)
        return self.call("_key", key, self.rewrite(key), counted=False)

    def on_joined(self, node: ast.JoinedStr) -> ast.expr:
        parts = [self.rewrite(v) for v in node.values]
        return self.call("_join", node, ast.List(parts, ast.Load(), **at(node)))

    def on_formatted(self, node: ast.FormattedValue) -> ast.expr:
        if node.conversion not in (-1, ord("s"), ord("r")):
            raise self.refuse(node, "`!a` is not allowed in an f-string.", "Leave it out, or write `!r`.")
        spec = self.rewrite(node.format_spec) if node.format_spec else constant("", node)
        if isinstance(node.format_spec, ast.JoinedStr):
            fixed = [str(v.value) for v in node.format_spec.values if isinstance(v, ast.Constant)]
            if len(fixed) == len(node.format_spec.values):
                whole = "".join(fixed)
                self.attempt(node, lambda: text.check_spec(whole))
                spec = constant(whole, node)
        return self.call("_format", node, self.rewrite(node.value), constant(node.conversion, node), spec)

    # loops

    def on_list_loop(self, node: ast.ListComp | ast.GeneratorExp) -> ast.expr:
        self.makes_data = True
        with self._loops(node.generators, node.elt) as generators:
            return ast.ListComp(self.rewrite(node.elt), generators, **at(node))

    def on_generator(self, node: ast.GeneratorExp) -> ast.expr:
        return self.on_list_loop(node)

    def lazy(self, node: ast.GeneratorExp) -> ast.expr:
        """A generator that stays one, for functions that stop early."""
        with self._loops(node.generators, node.elt) as generators:
            return ast.GeneratorExp(self.rewrite(node.elt), generators, **at(node))

    def on_dict_loop(self, node: ast.DictComp) -> ast.expr:
        self.makes_data = True
        with self._loops(node.generators, node.key, node.value) as generators:
            return ast.DictComp(self._dict_key(node.key), self.rewrite(node.value), generators, **at(node))

    @contextmanager
    def _loops(self, loops: list[ast.comprehension], *body: ast.expr) -> Generator[list[ast.comprehension], None, None]:
        before = len(self.bound)
        made: list[ast.comprehension] = []
        try:
            for place, one in enumerate(loops):
                inner: list[ast.AST] = [*body, *one.ifs]
                for later in loops[place + 1 :]:
                    inner += [later.iter, *later.ifs]
                extra = [] if isinstance(one.target, ast.Name) else [self._shape(one.target)]
                source = self.call(
                    "_loop", one.iter, self.rewrite(one.iter), constant(weight(*inner), one.iter), *extra
                )
                target = self._bind(one.target)
                made.append(ast.comprehension(target, source, [self.rewrite(t) for t in one.ifs], 0))
            yield made
        finally:
            del self.bound[before:]

    def _shape(self, target: ast.expr) -> ast.expr:
        if isinstance(target, ast.Name):
            return constant(None, target)
        if not isinstance(target, ast.Tuple | ast.List):
            raise self.refuse(target, "A loop binds names only.")
        return ast.Tuple([self._shape(t) for t in target.elts], ast.Load(), **at(target))

    def _bind(self, target: ast.expr) -> ast.expr:
        if isinstance(target, ast.Tuple | ast.List):
            return ast.Tuple([self._bind(t) for t in target.elts], ast.Store(), **at(target))
        assert isinstance(target, ast.Name)
        self.bind_name(target.id, target)
        return ast.Name(LOCAL + target.id, ast.Store(), **at(target))


_HANDLERS: dict[type[ast.expr], Callable[[Rewriter, Any], ast.expr]] = {
    ast.Constant: Rewriter.on_constant,
    ast.Name: Rewriter.on_name,
    ast.Attribute: Rewriter.on_attribute,
    ast.Subscript: Rewriter.on_subscript,
    ast.BinOp: Rewriter.on_binary,
    ast.UnaryOp: Rewriter.on_unary,
    ast.BoolOp: Rewriter.on_boolean,
    ast.IfExp: Rewriter.on_choice,
    ast.Compare: Rewriter.on_compare,
    ast.List: Rewriter.on_list,
    ast.Tuple: Rewriter.on_list,
    ast.Dict: Rewriter.on_dict,
    ast.JoinedStr: Rewriter.on_joined,
    ast.FormattedValue: Rewriter.on_formatted,
    ast.ListComp: Rewriter.on_list_loop,
    ast.GeneratorExp: Rewriter.on_generator,
    ast.DictComp: Rewriter.on_dict_loop,
    ast.Lambda: Rewriter.on_lambda,
    ast.Call: Rewriter.on_call,
}
