"""Blocks and their wires in Python: ``start >> read >> check.true >> mail``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, TypeAlias

from workbench.base.errors import InvalidInput
from workbench.client.draft import ChangeBlock, PutBlock, PutEdge, RemoveBlock, RemoveEdge, RenameBlock
from workbench.client.errors import short
from workbench.client.faces import FunctionFace
from workbench.client.plain import plain
from workbench.flow.handles import handle
from workbench.flow.nearest import Nearest

End: TypeAlias = "Block | Port | Ends"


class Block:
    """One block of a function. Its ports are attributes: ``check.true``, ``loop.body``, ``read.error``."""

    def __init__(self, function: FunctionFace, id: str) -> None:
        self._function = function
        self._id = id

    # What it is

    @property
    def function(self) -> FunctionFace:
        """The function that it stands in."""
        return self._function

    @property
    def id(self) -> str:
        """Its id, of which a run's paths are made."""
        return self._id

    @property
    def type(self) -> str:
        """Its type, such as ``filter``."""
        return self._wire["type"]

    @property
    def name(self) -> str:
        """Its name, for people."""
        return self._wire["name"]

    @property
    def handle(self) -> str:
        """The name by which expressions use it."""
        return handle(self.name)

    @property
    def config(self) -> dict[str, Any]:
        """A copy of its config, with the names of the wire."""
        return dict(self._wire["config"])

    @property
    def ports(self) -> tuple[str, ...]:
        """Names of its output ports."""
        outputs = self._function.catalogue.outputs(self.type, self._wire["config"])
        return (*(p["name"] for p in outputs), "error")

    @property
    def _wire(self) -> dict[str, Any]:
        return self._function.block_on_wire(self._id)

    # Wiring

    def port(self, name: str) -> Port:
        """A port by its name; an output port, unless only an input port has it.

        Raises InvalidInput with the ports that there are.
        """
        found = self._port(name)
        if found is None:
            there = ", ".join(self.ports)
            near = Nearest().find(name, self.ports)
            raise short(
                InvalidInput(
                    f"“{self.name}” has no port `{name}`; it has {there}.",
                    hint=f"Did you mean `{near}`?" if near else None,
                )
            )
        return found

    def __getattr__(self, name: str) -> Port:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self.port(name)
        except InvalidInput as error:
            raise AttributeError(str(error)) from None

    def _port(self, name: str) -> Port | None:
        inputs = self._function.catalogue.inputs(self.type)
        for spelling in (name, name.rstrip("_"), name.replace("_", "-")):
            if spelling in self.ports:
                return Port(self, spelling)
            if spelling in inputs:
                return Port(self, spelling, is_input=True)
        return None

    def __rshift__(self, other: End | Iterable[End]) -> Any:
        return connect(Ends((self,)), other)

    def __rrshift__(self, other: Iterable[End]) -> Any:
        return connect(ends_of(other), self)

    # Changing

    def configure(self, **config: Any) -> Block:
        """Change some fields of the config; None takes a field out."""
        self._function.edit_block(ChangeBlock(self._id, self._function.wire_config(self.type, config)))
        return self

    def replace_config(self, config: Mapping[str, Any]) -> Block:
        """Make this its whole config, with the names of the wire; nothing is looked at."""
        self._function.edit_block(PutBlock(self._id, self.type, self.name, plain(config)))
        return self

    def rename(self, name: str) -> Block:
        """Give it another name; expressions that use it follow."""
        self._function.edit_block(RenameBlock(self._id, name))
        return self

    def policy(
        self,
        *,
        timeout_ms: int | None = None,
        retries: int = 0,
        retry_delay_ms: int = 1000,
        on_error: str = "fail",
    ) -> Block:
        """Say how long it may take, how often it is tried again, and whether its failure fails the run."""
        policy = {"timeoutMs": timeout_ms, "retries": retries, "retryDelayMs": retry_delay_ms, "onError": on_error}
        self._function.edit_block(ChangeBlock(self._id, fields={"policy": policy}))
        return self

    def disable(self) -> Block:
        """Leave it out of runs."""
        self._function.edit_block(ChangeBlock(self._id, fields={"disabled": True}))
        return self

    def enable(self) -> Block:
        """Take it into runs again."""
        self._function.edit_block(ChangeBlock(self._id, fields={"disabled": False}))
        return self

    def remove(self) -> None:
        """Take it out of the function, with its wires."""
        self._function.edit_block(RemoveBlock(self._id))

    def disconnect(self, target: Block, port: str | None = None) -> Block:
        """Take away its wires to `target`, or the one from `port`."""
        for edge in self._function.flow["edges"]:
            if (edge["source"], edge["target"]) == (self._id, target.id) and port in (None, edge["sourcePort"]):
                self._function.edit_block(RemoveEdge(self._id, edge["sourcePort"], target.id, edge["targetPort"]))
        return self

    # Debugging

    def breakpoint(
        self,
        *,
        condition: str | None = None,
        when: str = "before",
        hit_count: int | None = None,
        log: str | None = None,
        enabled: bool = True,
    ) -> Block:
        """Stop a debug run here.

        Args:
            condition: an expression over what the block sees; only where it is true.
            when: ``before`` or ``after``.
            hit_count: only at the n-th time, counted from 1.
            log: write this text (with ``{{ … }}``) to the run's log and go on.
            enabled: False keeps the breakpoint and does not stop.
        """
        self._function.breakpoints.set(
            self, condition=condition, when=when, hit_count=hit_count, log=log, enabled=enabled
        )
        return self

    def clear_breakpoint(self) -> Block:
        """Stop here no more."""
        self._function.breakpoints.clear(self)
        return self

    # Showing

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(p.replace("-", "_") for p in self.ports)})

    def __repr__(self) -> str:
        return f"Block “{self.name}” ({self.type}) of “{self._function.name}”"

    def _repr_html_(self) -> str:
        from workbench.client.showing.tables import fields_table

        return f"<b>{escape(self.name)}</b> <code>{escape(self.type)}</code>{fields_table(self.config)}"


class Port:
    """One port of a block, to wire from or to."""

    def __init__(self, block: Block, name: str, *, is_input: bool = False) -> None:
        self.block = block
        self.name = name
        self.is_input = is_input

    def __rshift__(self, other: End | Iterable[End]) -> Any:
        return connect(Ends((self,)), other)

    def __rrshift__(self, other: Iterable[End]) -> Any:
        return connect(ends_of(other), self)

    def __repr__(self) -> str:
        return f"Port `{self.name}` of {self.block!r}"


class Ends(Sequence[Any]):
    """Several ends of wires at once: ``a >> [b, c] >> d``."""

    def __init__(self, ends: Iterable[End]) -> None:
        self._ends = tuple(ends)

    def __getitem__(self, index: Any) -> Any:
        return self._ends[index]

    def __len__(self) -> int:
        return len(self._ends)

    def __rshift__(self, other: End | Iterable[End]) -> Any:
        return connect(self, other)

    def __rrshift__(self, other: End | Iterable[End]) -> Any:
        return connect(ends_of(other), self)

    def __repr__(self) -> str:
        return repr(list(self._ends))


def connect(sources: Ends, target: End | Iterable[End]) -> Any:
    """Wire each source to each target; answers the target, from which a chain goes on."""
    targets = ends_of(target)
    for source in sources:
        for each in targets:
            _wire(source, each)
    return target if isinstance(target, Block | Port | Ends) else targets


def ends_of(value: Any) -> Ends:
    """One end or several. Raises InvalidInput for what is none."""
    if isinstance(value, Ends):
        return value
    if isinstance(value, Block | Port):
        return Ends((value,))
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        return Ends([end for each in value for end in ends_of(each)])
    raise short(
        InvalidInput(
            f"A wire joins blocks, not {type(value).__name__}.",
            hint='Take a block from its function: f["its name"].',
        )
    )


def _wire(source: Block | Port, target: Block | Port) -> None:
    if isinstance(source, Port) and source.is_input:
        source = source.block
    start = source.block if isinstance(source, Port) else source
    end = target.block if isinstance(target, Port) else target
    if start.function is not end.function:
        raise short(InvalidInput(f"“{start.name}” and “{end.name}” stand in different functions."))
    if start.id == end.id:
        raise short(InvalidInput(f"“{start.name}” cannot be wired to itself."))
    leaves = source.name if isinstance(source, Port) else _first_output(start)
    arrives = target.name if isinstance(target, Port) and target.is_input else _first_input(end)
    start.function.edit_block(PutEdge(start.id, leaves, end.id, arrives))


def _first_output(block: Block) -> str:
    """Where a chain leaves a block that is named without a port."""
    ports = block.ports
    if "out" in ports:
        return "out"
    raise short(
        InvalidInput(
            f"“{block.name}” has no port `out`; it has {', '.join(ports)}.",
            hint=f"Say which: {block.handle}.{ports[0].replace('-', '_')} >> …",
        )
    )


def _first_input(block: Block) -> str:
    inputs = block.function.catalogue.inputs(block.type)
    if not inputs:
        raise short(InvalidInput(f"“{block.name}” is a trigger: nothing can be wired to it."))
    return inputs[0]
