"""A function's working copy: what the workbench has, the edits that it has not yet, and one save for them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Self

from workbench.base.errors import VersionConflict
from workbench.client.catalogue import BlockCatalogue
from workbench.client.draft import (
    ChangeBlock,
    Edit,
    KeepOnly,
    PutBlock,
    PutEdge,
    RemoveEdge,
    RenameBlock,
    edited,
    placed,
)
from workbench.client.faces import BenchFace
from workbench.flow.changes import same

SAVE_TRIES = 3


class WorkingCopy:
    """Edits gather and are saved together; they are made again on a newer version when somebody else saved first."""

    def __init__(self, bench: BenchFace, told: Mapping[str, Any]) -> None:
        self._bench = bench
        self._told: dict[str, Any] = dict(told)
        self._edits: list[Edit] = []
        self._flow: dict[str, Any] | None = None
        self._unnamed: dict[str, int] = {}
        self._depth = 0
        self.catalogue.learn(told)

    @property
    def bench(self) -> BenchFace:
        """The workbench that it is part of."""
        return self._bench

    @property
    def id(self) -> str:
        """Its id. Whoever asks for it may look at the function in other ways than this object's: edits are saved."""
        self.save()
        return self.key

    @property
    def key(self) -> str:
        """Its id, and nothing is saved."""
        return self._told["id"]

    @property
    def flow(self) -> dict[str, Any]:
        """Its flow as on the wire, edits that are not saved yet included."""
        if self._flow is None:
            self._flow = edited(self._told["flow"], self._edits, self.catalogue)
        return self._flow

    @property
    def catalogue(self) -> BlockCatalogue:
        """The block types of its workbench."""
        return self._bench.catalogue

    def edit_block(self, edit: Edit) -> None:
        """Take an edit; it is saved with the others."""
        self._bench.before_edit(self)
        self._edits.append(edit)
        # Applied alone: an edit that cannot be raises here, in the statement that made it.
        try:
            self._flow = edited(self.flow if len(self._edits) == 1 else self._flow or {}, [edit], self.catalogue)
        except BaseException:
            self._edits.pop()
            raise

    @contextlib.contextmanager
    def edit(self) -> Iterator[Self]:
        """Make the edits inside one version; when the block raises, none of them."""
        with self._together():
            yield self

    @contextlib.contextmanager
    def build(self) -> Iterator[Self]:
        """Describe the whole function: what is not named inside goes, what is named keeps its id and place."""
        with self._together():
            start = len(self._edits)
            yield self
            mine = self._edits[start:]
            blocks = frozenset(e.id for e in mine if isinstance(e, PutBlock | ChangeBlock | RenameBlock))
            edges = frozenset(
                PutEdge(e.source, e.source_port, e.target, e.target_port)
                for e in mine
                if isinstance(e, PutEdge) and not isinstance(e, RemoveEdge)
            )
            self.edit_block(KeepOnly(blocks, edges))

    @contextlib.contextmanager
    def _together(self) -> Iterator[None]:
        outermost = self._depth == 0
        kept, flow, unnamed = len(self._edits), self._flow, dict(self._unnamed)
        if outermost:
            self._unnamed = {}
        self._depth += 1
        try:
            yield
        except BaseException:
            del self._edits[kept:]
            self._flow, self._unnamed = flow, unnamed
            raise
        finally:
            self._depth -= 1
        if outermost:
            self.save()

    def forget_unnamed(self) -> None:
        """Count blocks without a name anew: another cell begins."""
        self._unnamed = {}

    @property
    def is_saved(self) -> bool:
        """Whether the workbench has every edit."""
        return not self._edits

    def save(self) -> Self:
        """Save the edits, as one version; nothing when nothing changed.

        When somebody else has saved meanwhile, the edits are made again on the newer version. Raises VersionConflict
        when that goes on, InvalidInput for a flow that cannot be saved.
        """
        if self._depth or not self._edits:
            return self
        for attempt in range(SAVE_TRIES):
            if attempt:
                self._told = self._bench.api.get(f"/functions/{self.key}")
                self._flow = None
            before = self._told["flow"]
            after = placed(before, self.flow, self.catalogue)
            if _same(before, after):
                break
            body = {"flow": _sendable(after), "expectedVersion": self._told["version"]}
            try:
                self._take(self._bench.api.put(f"/functions/{self.key}", body))
            except VersionConflict:
                if attempt == SAVE_TRIES - 1:
                    raise
                continue
            break
        self._edits, self._flow = [], None
        return self

    def reload(self) -> Self:
        """Read it again; edits that are not saved stay."""
        self._take(self._bench.api.get(f"/functions/{self.key}"))
        return self

    def _take(self, told: Mapping[str, Any]) -> None:
        self._told, self._flow = dict(told), None
        self.catalogue.learn(told)

    def drop_edits(self) -> Self:
        """Forget the edits that are not saved."""
        self._edits, self._flow = [], None
        return self


_OWN = ("blocks", "edges", "variables", "notes", "groups")


def _sendable(flow: Mapping[str, Any]) -> dict[str, Any]:
    return {name: flow[name] for name in _OWN if name in flow}


def _same(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return all(same(before.get(name), after.get(name)) for name in _OWN)
