"""What the client's objects know of each other, as Protocols: a block knows its function, a function its bench."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import polars as pl

from workbench.client.api import Api
from workbench.client.catalogue import BlockCatalogue
from workbench.client.draft import Edit


class HasId(Protocol):
    """Something of the workbench's."""

    @property
    def id(self) -> str: ...


class BenchFace(Protocol):
    """A workbench, as its functions and runs see it."""

    @property
    def api(self) -> Api: ...

    @property
    def catalogue(self) -> BlockCatalogue: ...

    @property
    def frames(self) -> Any: ...

    def before_edit(self, function: Any) -> None: ...

    def forget(self, function: Any) -> None: ...

    def save(self) -> None: ...

    def function_of(self, function_id: str) -> Any: ...

    def take_function(self, told: Mapping[str, Any]) -> Any: ...

    def run(self, run_id: str) -> Any: ...

    def runs(self, function: HasId | None = None, *, status: str | None = None, limit: int = 20) -> Any: ...


class FunctionFace(Protocol):
    """A function, as its blocks and pictures see it."""

    @property
    def bench(self) -> BenchFace: ...

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def status(self) -> str: ...

    @property
    def version(self) -> int: ...

    @property
    def flow(self) -> dict[str, Any]: ...

    @property
    def catalogue(self) -> BlockCatalogue: ...

    breakpoints: Any

    def __getitem__(self, name: str) -> Any: ...

    def block(self, type: str, name: str | None = None, id: str | None = None, /, **config: Any) -> Any: ...

    def block_on_wire(self, block_id: str) -> dict[str, Any]: ...

    def wire_config(self, type: str, config: Mapping[str, Any]) -> dict[str, Any]: ...

    def edit_block(self, edit: Edit) -> None: ...

    def save(self) -> Any: ...

    def svg(self) -> str: ...


class RunFace(Protocol):
    """A run, as its picture sees it."""

    @property
    def reuse(self) -> str | None: ...

    @property
    def told(self) -> dict[str, Any]: ...

    @property
    def block_names(self) -> dict[str, str]: ...

    @property
    def state(self) -> Any: ...

    def checkpoints(self) -> pl.DataFrame: ...
