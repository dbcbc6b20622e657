"""A function in Python: build it, save it, run it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from workbench.base.errors import InvalidInput, NotFound, WorkbenchError
from workbench.client.block import Block
from workbench.client.breakpoints import Breakpoints
from workbench.client.draft import PutBlock, SetVariables, free_id, model_of
from workbench.client.errors import short
from workbench.client.faces import BenchFace
from workbench.client.makers import BlockMaker, wire_config
from workbench.client.naming import find_block
from workbench.client.plain import plain
from workbench.client.queue import settings_on_wire
from workbench.client.run import Run
from workbench.client.script import WithScript
from workbench.client.validation import Validation
from workbench.flow.handles import free_name, handle
from workbench.flow.nearest import Nearest


class Function(WithScript):
    """A flow with a name and numbered versions.

    Edits gather and are saved together: at the end of the notebook's cell, and before anything looks at or runs the
    function. ``with f.edit():`` makes its edits one version or, when it raises, none; ``with f.build():`` also takes
    away what is not named in it. A block is known by its name, so a cell that runs again changes its blocks.
    """

    def __init__(self, bench: BenchFace, told: Mapping[str, Any]) -> None:
        super().__init__(bench, told)
        self.breakpoints = Breakpoints(self)

    # What it is

    @property
    def name(self) -> str:
        """Its name."""
        return self._told["name"]

    @property
    def status(self) -> str:
        """``draft``, ``active`` or ``archived``."""
        return self._told["status"]

    @property
    def version(self) -> int:
        """The number of its latest version."""
        self.save()
        return self._told["version"]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Its blocks."""
        return tuple(Block(self, b["id"]) for b in self.flow["blocks"])

    @property
    def variables(self) -> dict[str, Any]:
        """A copy of the first values of its variables; see `set_variables_to`."""
        return dict(self.flow.get("variables") or {})

    def __getitem__(self, name: str) -> Block:
        return Block(self, find_block(self.flow, name, f"“{self.name}”")["id"])

    def __contains__(self, name: object) -> bool:
        return any(name in (b["name"], handle(b["name"])) for b in self.flow["blocks"])

    def block_on_wire(self, block_id: str) -> dict[str, Any]:
        """A block as on the wire. Raises NotFound when it is gone."""
        for block in self.flow["blocks"]:
            if block["id"] == block_id:
                return block
        raise short(NotFound(f"“{self.name}” has no block `{block_id}` any more.", hint="Make it again."))

    # Building

    def block(self, type: str, name: str | None = None, id: str | None = None, /, **config: Any) -> Block:
        """Put a block into the function, or change the one of this name; a new one gets `id`, if it is said.

        Raises InvalidInput for an unknown field.
        """
        if type not in self.catalogue.entries and type.rstrip("_") in self.catalogue.entries:
            type = type.rstrip("_")  # noqa: A001 - its one name here
        wired = self.wire_config(type, config)
        name = name or self._next_name(type)
        block_id = next((b["id"] for b in self.flow["blocks"] if handle(b["name"]) == handle(name)), None)
        edit = PutBlock(block_id or id or free_id(name, {b["id"] for b in self.flow["blocks"]}), type, name, wired)
        self.edit_block(edit)
        return Block(self, edit.id)

    def wire_config(self, type: str, config: Mapping[str, Any]) -> dict[str, Any]:
        """A config with the wire's names."""
        return wire_config(self.catalogue, type, config)

    def _next_name(self, type: str) -> str:
        """`filter`, `filter 2`, …: counted anew in each cell, so that running it again makes the same names."""
        self._bench.before_edit(self)
        entry = self.catalogue.entries.get(type)
        plain_name = free_name(entry["title"].lower() if entry else type, ())
        number = self._unnamed[type] = self._unnamed.get(type, 0) + 1
        return plain_name if number == 1 else f"{plain_name} {number}"

    def __getattr__(self, name: str) -> BlockMaker:
        if name.startswith("_"):
            raise AttributeError(name)
        types = self.catalogue.entries
        for spelling in (name, name.rstrip("_")):
            if spelling in types:
                return BlockMaker(self, types[spelling])
        near = Nearest().find(name, types)
        hint = f"; did you mean `{near}`?" if near else f"; block types are {', '.join(types)}"
        raise AttributeError(f"A function has no `{name}`{hint}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(f"{t}_" if t == "return" else t for t in self.catalogue.entries)})

    def set_variables_to(self, /, **variables: Any) -> Function:
        """Set the first values of the flow's variables; expressions read them as ``vars.name``."""
        self.edit_block(SetVariables(plain(variables)))
        return self

    # Rules

    def validate(self) -> Validation:
        """All that is wrong with it."""
        self.save()
        return Validation(self, self._bench.api.post("/validate", {"functionId": self.key}))

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Its settings, after changing those that are given; None clears one.

        ``f.settings(timeout_ms=5000, concurrency={"limit": 1, "key": "input.customer", "policy": "skip"},
        retention={"days": 30, "runs": 1000}, on_failure=other)``. Raises InvalidInput.
        """
        self.save()
        path = f"/functions/{self.key}/settings"
        return self._bench.api.put(path, settings_on_wire(changes)) if changes else self._bench.api.get(path)

    def pause_queue(self, reason: str | None = None) -> dict[str, Any]:
        """Start none of its runs until it is resumed; those under way go on."""
        return self._bench.api.post(f"/functions/{self.key}/queue/pause", {"reason": reason} if reason else {})

    def resume_queue(self) -> dict[str, Any]:
        """Start its runs again."""
        return self._bench.api.post(f"/functions/{self.key}/queue/resume", {})

    def delete(self, *, force: bool = False) -> None:
        """Delete it with its runs; `force` cancels those that are not over."""
        self.drop_edits()
        self._bench.api.delete(f"/functions/{self.key}", force=force or None)
        self._bench.forget(self)

    # Running

    def run(self, inputs: Mapping[str, Any] | None = None, /, **more: Any) -> Run:
        """Start a run with these inputs; `wait` on it, or go on. Raises FlowInvalid, InvalidInput."""
        return self._start({**(inputs or {}), **more}, {})

    def debug(self, inputs: Mapping[str, Any] | None = None, /, **more: Any) -> Run:
        """Start a debug run and wait until it first stands still, or is over.

        Without an enabled breakpoint it stops before its first block.
        """
        run = self._start({**(inputs or {}), **more}, {"debug": True})
        return run.wait_for_stop()

    def options(self, **options: Any) -> RunOptions:
        """Run with more than inputs: ``f.options(version=3, timeout_ms=5000, priority=5).run(day=…)``."""
        return RunOptions(self, options)

    def _start(self, inputs: Mapping[str, Any], options: Mapping[str, Any]) -> Run:
        self.save()
        body = {"functionId": self.key, "inputs": plain(inputs), **options}
        return Run(self._bench, self._bench.api.post("/runs", body))

    def runs(self, limit: int = 20, status: str | None = None) -> list[Run]:
        """Its runs, newest first."""
        return self._bench.runs(self, limit=limit, status=status)

    # Showing

    def svg(self, states: Mapping[str, str] | None = None) -> str:
        """A still picture of it; `states` are block statuses by id."""
        from workbench.flow.drawing import draw

        self.save()
        cards = self._told.get("cards") or {}
        flow = model_of(self._told["flow"])
        return draw(flow, self.catalogue, states, lambda b: (cards.get(b.id) or {}).get("text", ""))

    def show(self, height: int = 560) -> Any:
        """A live canvas where widgets work, and the still picture in the saved notebook."""
        from workbench.client.showing.pictures import canvas_of

        return canvas_of(self, height)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Live in JupyterLab; elsewhere IPython takes the still picture."""
        from workbench.client.showing.pictures import canvas_of, is_live

        if not is_live(self):
            return {}
        return canvas_of(self, 560)._repr_mimebundle_(**options)

    def _repr_html_(self) -> str:
        from workbench.client.showing.pictures import function_html

        return function_html(self)

    def __repr__(self) -> str:
        with contextlib.suppress(WorkbenchError):
            self.save()
        told = self._told
        count = len(self.flow["blocks"])
        words = f"{count} block{'' if count == 1 else 's'}"
        unsaved = "" if self.is_saved else ", not saved"
        return f"Function “{self.name}” v{told['version']} ({told['status']}): {words}{unsaved}"


class RunOptions:
    """A function with what its next runs are to be like."""

    def __init__(self, function: Function, options: Mapping[str, Any]) -> None:
        names = ("version", "priority", "durability", "timeout_ms")
        unknown = [name for name in options if name not in names]
        if unknown:
            raise short(InvalidInput(f"A run has no option `{unknown[0]}`; it has {', '.join(names)}."))
        self._function = function
        self._options = {"timeoutMs" if n == "timeout_ms" else n: v for n, v in options.items() if v is not None}

    def run(self, inputs: Mapping[str, Any] | None = None, /, **more: Any) -> Run:
        """As `Function.run`."""
        return self._function._start({**(inputs or {}), **more}, self._options)  # noqa: SLF001 - two halves of one thing

    def debug(self, inputs: Mapping[str, Any] | None = None, /, **more: Any) -> Run:
        """As `Function.debug`."""
        options = {**self._options, "debug": True}
        return self._function._start({**(inputs or {}), **more}, options).wait_for_stop()  # noqa: SLF001

    def __repr__(self) -> str:
        return f"{self._function!r} with {', '.join(f'{n}={v}' for n, v in self._options.items())}"
