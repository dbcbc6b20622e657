"""A small real catalogue: enough block types to try every rule of the language without the blocks floor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.flow.catalogue import ConfigIssue, ExpressionField, PortShape, Shape
from workbench.flow.model import Block, Edge, Flow

IN = (PortShape("in", "any", True, False),)
TABLE_IN = (PortShape("in", "table", True, False),)


def out(name: str = "out", type: str = "any", *, region: bool = False) -> PortShape:
    """An output port."""
    return PortShape(name, type, False, region)


TYPES: dict[str, tuple[tuple[PortShape, ...], tuple[PortShape, ...]]] = {
    "start": ((), (out(),)),
    "step": (IN, (out(),)),
    "count": (IN, (out(type="number"),)),
    "sort": (TABLE_IN, (out(type="table"),)),
    "condition": (IN, (out("true"), out("false"))),
    "merge": (IN, (out(),)),
    "set_variables": (IN, (out(),)),
    "loop": (IN, (out("body", region=True), out())),
    "parallel": (IN, (out("branch-a", region=True), out("branch-b", region=True), out())),
    "retry": (IN, (out("body", region=True), out())),
    "error_handler": (IN, (out("body", region=True), out("caught"), out())),
    "return": (IN, ()),
    "mail": (IN, (out(),)),
    "call": (IN, (out(),)),
}
SCOPES = {"loop", "parallel", "retry", "error_handler"}


class SmallCatalogue:
    """`call` takes a secret `token`.

    `step` takes `value`, `other` (templates) and `test` (an expression); `delayMs` must be a number over 0.
    """

    def types(self) -> tuple[str, ...]:
        return tuple(TYPES)

    def shape(self, type: str, config: Mapping[str, Any]) -> Shape | None:
        if type not in TYPES:
            return None
        inputs, outputs = TYPES[type]
        item = config.get("itemVariable", "item")
        names = (item if isinstance(item, str) else "item", "index") if type == "loop" else ()
        return Shape(
            type=type,
            inputs=inputs,
            outputs=outputs,
            is_trigger=not TYPES[type][0],
            is_scope=type in SCOPES,
            ends_function=type == "return",
            region_names=names,
            disabled_reason="no SMTP server is configured" if type == "mail" else None,
            own_names=names,
        )

    def secret_fields(self, type: str, config: Mapping[str, Any]) -> list[str]:
        return ["token"] if type == "call" else []

    def expressions(self, type: str, config: Mapping[str, Any]) -> list[ExpressionField]:
        found: list[ExpressionField] = []
        for field, mode in (
            ("value", "template"),
            ("other", "template"),
            ("items", "template"),
            ("test", "expression"),
        ):
            if isinstance(config.get(field), str):
                found.append(ExpressionField(field, mode, config[field], (field,)))
        if type == "loop" and isinstance(config.get("condition"), str):
            found.append(ExpressionField("condition", "deferred", config["condition"], ("condition",)))
        if type == "call" and isinstance(config.get("token"), str):
            found.append(ExpressionField("token", "template", config["token"], ("token",), takes_secrets=True))
        if isinstance(config.get("values"), dict):
            for name, text in config["values"].items():
                if isinstance(text, str):
                    found.append(ExpressionField(f"values.{name}", "template", text, ("values", name)))
        return found

    def check_config(self, type: str, config: Mapping[str, Any]) -> list[ConfigIssue]:
        delay = config.get("delayMs", 1)
        if not isinstance(delay, int) or delay < 1:
            return [ConfigIssue("delayMs", "must be a whole number over 0")]
        return []


CATALOGUE = SmallCatalogue()


def block(name: str, type: str = "step", *, disabled: bool = False, **config: Any) -> Block:
    """A block whose id is its name."""
    return Block(id=name, type=type, name=name, config=config, disabled=disabled)


def edges(*texts: str) -> tuple[Edge, ...]:
    """Edges from texts such as ``a > b``, ``loop.body > b``, ``a > b.left``; the id is the text without spaces."""
    made: list[Edge] = []
    for number, text in enumerate(texts):
        source, target = (part.strip() for part in text.split(">"))
        source, _, source_port = source.partition(".")
        target, _, target_port = target.partition(".")
        made.append(
            Edge(
                id=f"e{number}",
                source=source,
                source_port=source_port or "out",
                target=target,
                target_port=target_port or "in",
            )
        )
    return tuple(made)


def flow(blocks: list[Block], *wires: str, **rest: Any) -> Flow:
    """A flow of these blocks and of edges written as `edges` reads them."""
    return Flow(blocks=tuple(blocks), edges=edges(*wires), **rest)
