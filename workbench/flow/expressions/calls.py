"""Calls to guarded calls: functions of the language with their arguments checked, methods, `key=`, `default`."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod

from workbench.flow.expressions.errors import ExpressionError, nearest
from workbench.flow.expressions.functions import DEFAULT, TABLE, Function
from workbench.flow.expressions.methods import ALL_METHODS, call_method
from workbench.flow.expressions.nodes import Builder, arguments, at, constant, weight
from workbench.flow.expressions.syntax import offset

LOCAL = "v_"
"""Before each name that a loop or key lambda binds, so that none can be one of ours."""
_LAZY = frozenset({"any", "all"})


class CallRewriter(Builder, ABC):
    """The part of the rewriter that sees to calls."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.bound: list[str] = []
        """Names that loops and lambdas around the node bind."""
        self.optional = 0
        """How many `default(…)` stand around the node."""
        self.makes_data = False
        """Whether the expression can make a list, object or long text, which must be checked before it leaves."""

    @abstractmethod
    def rewrite(self, node: ast.expr) -> ast.expr:
        """The guarded form of `node`."""

    @abstractmethod
    def lazy(self, node: ast.GeneratorExp) -> ast.expr:
        """A generator that stays one."""

    def bind_name(self, name: str, node: ast.AST) -> None:
        """Bind `name` for what comes next."""
        if name in TABLE or name == DEFAULT:
            raise self.refuse(node, f"`{name}` is a function of the language.", "Choose another name.")
        self.bound.append(name)

    def on_lambda(self, node: ast.Lambda) -> ast.expr:
        raise self.refuse(node, "`lambda` is only allowed as key= of sorted, min or max.")

    def on_call(self, node: ast.Call) -> ast.expr:
        if any(isinstance(a, ast.Starred) for a in node.args):
            raise self.refuse(node, "`*` in a call is not allowed here.")
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func)
        if not isinstance(node.func, ast.Name):
            raise self.refuse(node, "Only functions of the language and methods can be called.")
        name = node.func.id
        if name == DEFAULT:
            return self._default(node)
        if name not in TABLE:
            word = nearest(name, [*TABLE, DEFAULT])
            hint = f"Did you mean {word}?" if word else f"The functions are {', '.join(sorted([*TABLE, DEFAULT]))}."
            raise self.refuse(node, f"There is no function `{name}`.", hint)
        return self._function(node, TABLE[name])

    def _function(self, node: ast.Call, function: Function) -> ast.expr:
        self._check_arguments(node, function)
        self.makes_data = True
        name = f"_f_{function.name}"
        if function.name in _LAZY and isinstance(node.args[0], ast.GeneratorExp):
            return self.call(name, node, self.lazy(node.args[0]))
        args = [self.rewrite(a) for a in node.args]
        words = [ast.keyword(w.arg, self._word(w), **at(w)) for w in node.keywords]
        return self.fold(function.call, name, node, *args, words=words)

    def _check_arguments(self, node: ast.Call, function: Function) -> None:
        for word in node.keywords:
            if word.arg not in function.words:
                known = ", ".join(f"{w}=" for w in function.words) or "none by name"
                raise self.refuse(node, f"`{function.name}` has no argument `{word.arg}=`.", f"It takes {known}.")
        given = len(node.args)
        if not function.least <= given <= function.most:
            raise self.refuse(
                node, f"`{function.name}` does not take {given} arguments.", f"Write {function.signature}."
            )
        named = {w.arg for w in node.keywords}
        if len(named) != len(node.keywords) or given + len(named - {"key", "default", "reverse"}) > max(
            function.most, len(function.words)
        ):
            raise self.refuse(node, f"`{function.name}` is given an argument twice.", f"Write {function.signature}.")

    def _word(self, word: ast.keyword) -> ast.expr:
        if word.arg != "key":
            return self.rewrite(word.value)
        if isinstance(word.value, ast.Constant) and word.value.value is None:
            return constant(None, word.value)
        if not isinstance(word.value, ast.Lambda):
            raise self.refuse(word.value, "key= takes a lambda.", "Write key=lambda x: x.field.")
        spec = word.value.args
        others = spec.posonlyargs or spec.kwonlyargs or spec.defaults or spec.vararg or spec.kwarg
        if others or len(spec.args) != 1:
            raise self.refuse(word.value, "A key lambda takes one name.", "Write key=lambda x: x.field.")
        name = spec.args[0].arg
        self.bind_name(name, word.value)
        try:
            body = self.rewrite(word.value.body)
        finally:
            self.bound.pop()
        apply = ast.Lambda(arguments(LOCAL + name, of=word.value), body, **at(word.value))
        return self.call("_keyed", word.value, apply, constant(weight(word.value.body), word.value))

    def _default(self, node: ast.Call) -> ast.expr:
        if len(node.args) != 2 or node.keywords:
            raise self.refuse(node, "`default` takes an expression and a fallback.", "Write default(a.b, 0).")
        self.optional += 1
        try:
            wanted = self.thunk(node.args[0])
        finally:
            self.optional -= 1
        return self.call("_default", node, wanted, self.thunk(node.args[1]))

    def _method(self, node: ast.Call, func: ast.Attribute) -> ast.expr:
        if func.attr not in ALL_METHODS and isinstance(func.value, ast.Constant):
            raise ExpressionError(
                "UNKNOWN_METHOD", f"There is no method `{func.attr}`.", None, offset(self.source, node)
            )
        self.makes_data = True
        args = [self.rewrite(func.value), constant(func.attr, func), *(self.rewrite(a) for a in node.args)]
        words = [ast.keyword(w.arg, self.rewrite(w.value), **at(w)) for w in node.keywords]
        return self.fold(call_method, "_method", node, *args, words=words)

    def thunk(self, node: ast.expr) -> ast.expr:
        """A lambda without arguments that gives `node`'s value when it is wanted."""
        return ast.Lambda(arguments(of=node), self.rewrite(node), **at(node))
