"""A function as a Python script that makes the same function: readable, and exact."""

from __future__ import annotations

import ast
import keyword
import textwrap
from collections.abc import Collection, Mapping
from typing import Any

from workbench.base.errors import WorkbenchError
from workbench.client.block import Block
from workbench.client.catalogue import BlockCatalogue
from workbench.client.draft import PutEdge, edge_id, free_id, is_laid_out, model_of
from workbench.client.makers import python_name, wire_config
from workbench.client.naming import file_name
from workbench.client.queue import SETTINGS
from workbench.flow.handles import handle

WIDTH = 110
TAKEN = {"bench", "f", "workbench"}
OWN = ("blocks", "edges", "variables", "notes", "groups")


def to_python(
    head: Mapping[str, Any],
    canvas: str,
    flow: Mapping[str, Any],
    settings: Mapping[str, Any],
    catalogue: BlockCatalogue,
    own: Collection[str],
) -> str:
    """The script. `head` has name, description and status; `flow` and `settings` are as on the wire.

    `own` are names that a function has already, so that they are no block type's method.
    """
    body = _Body(flow, catalogue, own).lines() if can_build(flow) else [*_call("f.put_flow(", [_value(_own(flow))])]
    after: list[str] = []
    if head["description"]:
        after.append(f"f.describe({_value(head['description'])})")
    told = {python: settings[wire] for python, wire in SETTINGS.items() if settings.get(wire) is not None}
    if told:
        after += _call("f.settings(", [f"{name}={_value(value)}" for name, value in told.items()])
    if head["status"] != "draft":
        after.append(f"f.set_status({_quoted(head['status'])})")
    name = " ".join(head["name"].split()).replace("\\", "\\\\").replace('"', "'")
    lines = [
        f'"""“{name}”, as a script that makes it. Run it: workbench run {file_name(head["name"])}.py"""',
        "",
        "import workbench",
        "",
        "bench = workbench.connect()",
        f"f = bench.canvas({_value(canvas)}).function({_value(head['name'])})",
        "",
        *body,
        *(["", *after] if after else []),
        "f.save()",
    ]
    return "\n".join(lines) + "\n"


def can_build(flow: Mapping[str, Any]) -> bool:
    """Whether the builder can make it: every block has a name of its own, every wire is there once."""
    handles = [handle(b["name"]) for b in flow["blocks"]]
    wires = [(e["source"], e["sourcePort"], e["target"], e["targetPort"]) for e in flow["edges"]]
    return len(set(handles)) == len(handles) and len(set(wires)) == len(wires)


def _own(flow: Mapping[str, Any]) -> dict[str, Any]:
    return {name: flow[name] for name in OWN if name in flow}


class _Body:
    """The lines that build one flow."""

    def __init__(self, flow: Mapping[str, Any], catalogue: BlockCatalogue, own: Collection[str]) -> None:
        self._flow = flow
        self._own = own
        self._catalogue = catalogue
        self._texts: list[str] = []
        self._names = _variables([b["name"] for b in flow["blocks"]])
        self._variable = {b["id"]: self._names[at] for at, b in enumerate(flow["blocks"])}
        self._block = {b["id"]: b for b in flow["blocks"]}

    def lines(self) -> list[str]:
        inside: list[str] = []
        ids: set[str] = set()
        for block in self._flow["blocks"]:
            inside += self._made(block, ids)
            ids.add(block["id"])
        wires = self._wires()
        if wires:
            inside += ["", *wires]
        if self._flow.get("variables"):
            inside += ["", *_call("f.set_variables_to(", _keywords(self._flow["variables"]))]
        inside += self._layout()
        inside = inside[1:] if inside and not inside[0] else inside or ["pass"]
        head = ["with f.build():", *(f"    {line}" if line else "" for line in inside)]
        return [*self._texts, *([""] if self._texts else []), *head]

    # Blocks

    def _made(self, block: Mapping[str, Any], ids: set[str]) -> list[str]:
        """The statement that makes a block; `ids` are those of the blocks before it."""
        kind, config = block["type"], block["config"]
        entry = self._catalogue.entries.get(kind)
        names = [_value(block["name"])]
        if block["id"] != free_id(block["name"], ids):
            names.append(_value(block["id"]))
        fields = self._fields(block)
        method = f"{kind}_" if keyword.iskeyword(kind) else kind
        if entry is None or not kind.isidentifier() or method in self._own:
            method, names = "block", [_value(kind), *names]
        tail = _policy(block.get("policy")) + (".disable()" if block.get("disabled") else "")
        statement = f"{self._variable[block['id']]} = f.{method}("
        lines = _call(statement, [*names, *(fields or ())])
        if fields is None:
            lines = [*lines[:-1], *_call(f"{lines[-1]}.replace_config(", [_value(config)])]
        return [*lines[:-1], lines[-1] + tail]

    def _fields(self, block: Mapping[str, Any]) -> list[str] | None:
        """The config as keyword arguments, where the builder makes just this of them."""
        config = block["config"]
        known = block["type"] in self._catalogue.entries
        given = {python_name(wire) if known else wire: value for wire, value in config.items()}
        given = {f"{name}_" if keyword.iskeyword(name) else name: value for name, value in given.items()}
        try:
            made = wire_config(self._catalogue, block["type"], given)
        except WorkbenchError:
            return None
        if list(made.items()) != list(config.items()) or not all(name.isidentifier() for name in given):
            return None
        return [f"{name}={self._text(block, name, value)}" for name, value in given.items()]

    def _text(self, block: Mapping[str, Any], field: str, value: Any) -> str:
        """A value; a text of several lines stands above, under a name of its own."""
        if not isinstance(value, str) or "\n" not in value.rstrip("\n"):
            return _value(value)
        name = f"{self._variable[block['id']]}_{field}".upper()
        self._texts.append(f"{name} = {_lines(value)}")
        return name

    # Wires

    def _wires(self) -> list[str]:
        lines: list[str] = []
        end: str | None = None
        for edge in self._flow["edges"]:
            source, target = self._source(edge), self._target(edge)
            if source is None or target is None:
                lines.append(self._plain_wire(edge))
                end = None
                continue
            if lines and end == edge["source"] and len(lines[-1]) + len(target) + 4 < WIDTH:
                port = source.removeprefix(self._variable[edge["source"]])
                lines[-1] += f"{port} >> {target}"
            else:
                lines.append(f"{source} >> {target}")
            end = edge["target"]
        return lines

    def _source(self, edge: Mapping[str, Any]) -> str | None:
        block = self._block[edge["source"]]
        port, ports = edge["sourcePort"], self._ports(block)
        name = self._variable[edge["source"]]
        if port not in ports or edge["source"] == edge["target"]:
            return None
        if port == "out":
            return name
        return f"{name}.{port}" if _is_plain(port) and not hasattr(Block, port) else f"{name}.port({_quoted(port)})"

    def _target(self, edge: Mapping[str, Any]) -> str | None:
        inputs = self._catalogue.inputs(self._block[edge["target"]]["type"])
        return self._variable[edge["target"]] if inputs and edge["targetPort"] == inputs[0] else None

    def _ports(self, block: Mapping[str, Any]) -> tuple[str, ...]:
        return (*(p["name"] for p in self._catalogue.outputs(block["type"], block["config"])), "error")

    def _plain_wire(self, edge: Mapping[str, Any]) -> str:
        source, target = self._variable[edge["source"]], self._variable[edge["target"]]
        return f"f.wire({source}, {_quoted(edge['sourcePort'])}, {target}, {_quoted(edge['targetPort'])})"

    # Layout

    def _layout(self) -> list[str]:
        """Where things stand; nothing where they stand as a new function's would."""
        flow = self._flow
        parts: list[str] = []
        if not is_laid_out(model_of(flow), self._catalogue):
            places = [(self._variable[b["id"]], b["position"]) for b in flow["blocks"]]
            pairs = ", ".join(f"({name}, {_number(p['x'])}, {_number(p['y'])})" for name, p in places)
            parts.append(f"places=[{pairs}]")
        parts += [f"{name}={_value(flow[name])}" for name in ("notes", "groups") if flow.get(name)]
        taken: set[str] = set()
        ids = [e["id"] for e in flow["edges"]]
        for edge, known in zip(flow["edges"], ids, strict=True):
            wire = PutEdge(edge["source"], edge["sourcePort"], edge["target"], edge["targetPort"])
            if edge_id(wire, taken) != known:
                parts.append(f"wire_ids={_value(ids)}")
                break
            taken.add(known)
        return ["", *_call("f.lay_out(", parts)] if parts else []


def _policy(policy: Mapping[str, Any] | None) -> str:
    if policy is None:
        return ""
    defaults = {"timeoutMs": None, "retries": 0, "retryDelayMs": 1000, "onError": "fail"}
    told = {python_name(name): policy[name] for name, default in defaults.items() if policy[name] != default}
    return f".policy({', '.join(f'{name}={_value(value)}' for name, value in told.items())})"


def _variables(names: list[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        stem = handle(name).lower()
        stem = f"{stem}_" if keyword.iskeyword(stem) or stem in TAKEN or stem.startswith("__") else stem
        variable, number = stem, 2
        while variable in found:
            variable, number = f"{stem}_{number}", number + 1
        found.append(variable)
    return found


def _keywords(values: Mapping[str, Any]) -> list[str]:
    if all(_is_plain(name) for name in values):
        return [f"{name}={_value(value)}" for name, value in values.items()]
    return [f"**{_value(dict(values))}"]


def _is_plain(name: str) -> bool:
    return name.isidentifier() and name.isascii() and not keyword.iskeyword(name) and not name.startswith("_")


def _call(start: str, arguments: list[str]) -> list[str]:
    """A call on one line where it fits, else an argument a line."""
    line = f"{start}{', '.join(arguments)})"
    if len(line) < WIDTH and "\n" not in line:
        return [line]
    lines = [start]
    for argument in arguments:
        lines += textwrap.indent(f"{argument},", "    ").splitlines()
    return [*lines, ")"]


def _value(value: Any, width: int = WIDTH - 24) -> str:
    """A JSON value as Python: on one line where it fits, else an item a line."""
    if isinstance(value, str):
        return _quoted(value)
    if not isinstance(value, dict | list) or not value:
        return repr(value)
    pairs = value.items() if isinstance(value, dict) else ((None, inner) for inner in value)
    parts = [(f"{_quoted(k)}: " if k is not None else "") + _value(v, width - 4) for k, v in pairs]
    start, end = "{}" if isinstance(value, dict) else "[]"
    flat = f"{start}{', '.join(parts)}{end}"
    if len(flat) <= width and "\n" not in flat:
        return flat
    return "\n".join([start, *(textwrap.indent(f"{part},", "    ") for part in parts), end])


def _quoted(text: str) -> str:
    literal = repr(text)
    return f'"{literal[1:-1]}"' if literal[0] == "'" and '"' not in text and "\\'" not in literal else literal


def _number(number: float) -> str:
    return repr(int(number)) if float(number).is_integer() else repr(number)


def _lines(text: str) -> str:
    """A text of several lines as a literal that reads like it."""
    plain = '"""' not in text and "\\" not in text and not text.endswith('"')
    literal = f'"""\\\n{text}"""'
    if plain and all(c.isprintable() or c in "\n\t" for c in text) and ast.literal_eval(literal) == text:
        return literal
    parts = "\n".join(f"    {line!r}" for line in text.splitlines(keepends=True))
    return f"(\n{parts}\n)"
