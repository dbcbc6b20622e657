"""A function as text: as a Python script, as a file for git, and what such a script needs besides the builder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from workbench.base.errors import InvalidInput
from workbench.client.block import Block
from workbench.client.bundle import Bundle
from workbench.client.draft import LayOut, PutEdge, PutFlow
from workbench.client.errors import short
from workbench.client.naming import id_of
from workbench.client.past import WithPast
from workbench.client.plain import plain


class WithScript(WithPast):
    """A function that can be written down and made again."""

    # As text

    def to_python(self, *, name: str | None = None, canvas: str | None = None) -> str:
        """A script that makes the same function, under another name or on another canvas if told."""
        from workbench.client.python_source import to_python

        self.save()
        head = {**self._told, "name": name or self._told["name"]}
        settings = self._bench.api.get(f"/functions/{self.key}/settings")
        on = canvas or self._bench.api.get(f"/canvases/{self._told['canvasId']}")["name"]
        return to_python(head, on, self._told["flow"], settings, self.catalogue, dir(type(self)))

    def export(self) -> Bundle:
        """It as a bundle, to keep, to send and to import elsewhere."""
        self.save()
        return Bundle(self._bench.api.get(f"/export/{self.key}"))

    def save_as(self, path: str | Path) -> Path:
        """Write it to a file: ``.py`` is a script that makes it, ``.flow.json`` and ``.json`` are a bundle of it."""
        file = Path(path)
        if file.suffix == ".json":
            return self.export().save(file)
        if file.suffix != ".py":
            raise short(InvalidInput(f"{file.name} says not what it is to be.", hint="Name it .py or .flow.json."))
        file.write_text(self.to_python(), encoding="utf-8")
        return file

    # What a script says exactly

    def wire(self, source: Block, port: str, target: Block, into: str = "in") -> Self:
        """Draw a wire between two ports, whether there are such ports or not; validation tells."""
        self.edit_block(PutEdge(source.id, port, target.id, into))
        return self

    def lay_out(
        self,
        places: Iterable[tuple[Block, float, float]] = (),
        *,
        notes: Sequence[Mapping[str, Any]] | None = None,
        groups: Sequence[Mapping[str, Any]] | None = None,
        wire_ids: Sequence[str] | None = None,
    ) -> Self:
        """Say where blocks stand, and what is written beside them."""
        self.edit_block(LayOut({b.id: (x, y) for b, x, y in places}, plain(notes), plain(groups), wire_ids))
        return self

    def put_flow(self, flow: Mapping[str, Any]) -> Self:
        """Make this the whole flow, with the names of the wire."""
        self.edit_block(PutFlow(plain(flow)))
        return self

    def describe(self, description: str | None) -> Self:
        """Say what it is for."""
        return self._put(description=description)

    def rename(self, name: str) -> Self:
        """Give it another name."""
        return self._put(name=name)

    def set_status(self, status: str) -> Self:
        """Make it ``active``, ``draft`` or ``archived``. Raises FlowInvalid."""
        return self._put(status=status)

    def archive(self) -> Self:
        """Put it away: it keeps its history and runs no more until its status is another one."""
        return self.set_status("archived")

    def _put(self, **fields: Any) -> Self:
        self.save()
        if any(self._told[name] != value for name, value in fields.items()):
            self._take(self._bench.api.put(f"/functions/{self.key}", fields))
        return self

    # Copies

    def duplicate(self, name: str | None = None) -> Any:
        """A copy on the same canvas, as a draft."""
        self.save()
        body = {"name": name} if name else {}
        return self._bench.take_function(self._bench.api.post(f"/functions/{self.key}/duplicate", body))

    def clone_to(self, canvas: Any, name: str | None = None) -> Any:
        """A copy on another canvas, as a draft, with block ids of its own."""
        self.save()
        body = {"targetCanvasId": id_of(canvas, "canvas"), **({"name": name} if name else {})}
        return self._bench.take_function(self._bench.api.post(f"/functions/{self.key}/clone", body))
