"""A function's past in Python: undo and redo, the history, versions, what differs between two, snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from workbench.base.errors import InvalidInput, NotFound
from workbench.client.differences import Diff
from workbench.client.errors import short
from workbench.client.faces import BenchFace
from workbench.client.times import second_of
from workbench.client.working_copy import WorkingCopy
from workbench.flow.nearest import Nearest

MOST_CHANGES = 200


class WithPast(WorkingCopy):
    """A function whose every edit can be looked at and taken back. Edits that gather are saved first."""

    def undo(self, change: Change | str | None = None) -> Taken:
        """Take back its last change, or one of `history`, whoever made it.

        Raises InvalidState when there is nothing, Conflict when a later change stands in the way: it says whose.
        """
        return self._take_back("undo", change)

    def undo_to(self, change: Change | str) -> Taken:
        """Take back that change and all that came after it, all or none; each can be made again by `redo`.

        Raises NotFound for a change that does not stand, Conflict when something else stands in the way.
        """
        return self._take_back("undo", change, "toGroupId")

    def redo(self, change: Change | str | None = None) -> Taken:
        """Make again what was taken back last."""
        return self._take_back("redo", change)

    def _take_back(self, verb: str, change: Change | str | None, named: str = "groupId") -> Taken:
        self.save()
        group = change.group_id if isinstance(change, Change) else change
        if group is None and named != "groupId":
            raise short(InvalidInput("Say down to which change.", hint="f.undo_to(f.history[3]), or f.undo()."))
        body = {"functionId": self.key, **({named: group} if group is not None else {})}
        told = self._bench.api.post(f"/commands/{verb}", body)
        self.reload()
        return Taken(verb, told["label"], told["versions"][self.key])

    @property
    def history(self) -> list[Change]:
        """Its last changes, at most 200, newest first: what one undo takes back is one."""
        from workbench.client.showing.tables import Listed

        self.save()
        groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for entry in self._bench.api.pages("/commands/history", functionId=self.key):
            step = (entry["groupId"], entry["kind"])
            if step not in groups and len(groups) == MOST_CHANGES:
                break
            groups.setdefault(step, []).append(entry)
        changes = [Change(entries) for entries in groups.values()]
        return Listed(changes, _CHANGE_COLUMNS, "f.undo() takes the last one back, f.undo(change) any that stands")

    @property
    def versions(self) -> list[Version]:
        """Its versions, newest first; `f.versions[0]` is the latest."""
        from workbench.client.showing.tables import Listed

        self.save()
        told = self._bench.api.pages(f"/functions/{self.key}/versions")
        return Listed([Version(self, each) for each in told], _VERSION_COLUMNS, "f.diff(3, 5) shows what differs")

    def diff(self, before: int | Version | None = None, after: int | Version | None = None) -> Diff:
        """What differs between two versions: `after` is the latest unless told, `before` the one in front of it."""
        self.save()
        latest = self._told["version"]
        to = _number(after) if after is not None else latest
        from_ = _number(before) if before is not None else max(1, to - 1)
        told = self._bench.api.get(f"/functions/{self.key}/versions/diff", **{"from": from_, "to": to})
        return Diff(told, self._told["name"], {b["id"]: b["name"] for b in self.flow["blocks"]})

    def restore(self, what: int | str | Version | Snapshot, message: str | None = None) -> Self:
        """Make the flow of a version, or of a snapshot (or the newest of a name), the latest one again.

        That can be undone like any edit. Raises NotFound.
        """
        self.save()
        if isinstance(what, str):
            what = self._snapshot(what)
        if isinstance(what, Snapshot):
            path = f"/snapshots/{what.id}/restore"
        else:
            path = f"/functions/{self.key}/versions/{_number(what)}/restore"
        self._take(self._bench.api.post(path, {"message": message} if message else {}))
        return self

    def snapshot(self, name: str, *, description: str | None = None, tags: Iterable[str] = ()) -> Snapshot:
        """Keep it as it is now under a name."""
        self.save()
        if isinstance(tags, str):
            raise short(InvalidInput("`tags` are several.", hint=f"Write tags=[{tags!r}]."))
        body = {"name": name, "description": description, "tags": list(tags)}
        return Snapshot(self._bench, self._bench.api.post(f"/functions/{self.key}/snapshots", body))

    def _snapshot(self, name: str) -> Snapshot:
        found = self.snapshots
        names = list(dict.fromkeys(s.name for s in found))
        if name not in names:
            near = Nearest().find(name, names)
            hint = f"Did you mean “{near}”?" if near else f"It has {', '.join(names) or 'none'}."
            raise short(NotFound(f"“{self._told['name']}” has no snapshot “{name}”.", hint=hint))
        return next(s for s in found if s.name == name)

    @property
    def snapshots(self) -> list[Snapshot]:
        """Its snapshots, newest first."""
        from workbench.client.showing.tables import Listed

        told = self._bench.api.pages(f"/functions/{self.key}/snapshots")
        more = "f.restore(snapshot) makes one the latest version"
        return Listed([Snapshot(self._bench, each) for each in told], _SNAPSHOT_COLUMNS, more)


def _number(version: int | Version) -> int:
    return version.number if isinstance(version, Version) else version


class Taken:
    """What an undo or a redo did; `version` is the version that it made."""

    def __init__(self, verb: str, label: str | None, version: int) -> None:
        self.verb = verb
        self.label = label or "a change"
        self.version = version

    def __repr__(self) -> str:
        return f"{'Undone' if self.verb == 'undo' else 'Made again'}: {self.label} (now v{self.version})"


class Change:
    """One step of the history: the commands that one undo takes back."""

    def __init__(self, entries: list[Mapping[str, Any]]) -> None:
        self._last = entries[0]
        self.commands = list(reversed(entries))
        """As on the wire, oldest first."""

    @property
    def group_id(self) -> str:
        """What `undo` knows it by."""
        return self._last["groupId"]

    @property
    def label(self) -> str:
        """What it did, in a few words."""
        kind = self._last["kind"]
        return f"{kind.title()}: {self._last['label']}" if kind in ("undo", "redo") else self._last["label"]

    @property
    def author(self) -> str:
        """Who made it."""
        return self._last["author"]

    @property
    def version(self) -> int:
        """The version that it made."""
        return self._last["version"]

    @property
    def undone(self) -> bool:
        """Whether it was taken back."""
        return self._last["undone"]

    @property
    def created_at(self) -> str:
        """When, in UTC."""
        return self._last["createdAt"]

    def __repr__(self) -> str:
        return f"v{self.version} {self.label} by {self.author}{' (undone)' if self.undone else ''}"


class Version:
    """One version of a function."""

    def __init__(self, function: WithPast, told: Mapping[str, Any]) -> None:
        self._function = function
        self._told = told

    @property
    def number(self) -> int:
        """Its number."""
        return self._told["number"]

    @property
    def author(self) -> str | None:
        """Who made it."""
        return self._told["author"]

    @property
    def source(self) -> str | None:
        """``edit``, ``undo``, ``redo``, ``restore`` or ``import``."""
        return self._told["source"]

    @property
    def message(self) -> str | None:
        """What was changed."""
        return self._told["message"]

    @property
    def created_at(self) -> str:
        """When, in UTC."""
        return self._told["createdAt"]

    @property
    def flow(self) -> dict[str, Any]:
        """Its flow as on the wire."""
        return self._function.bench.api.get(f"/functions/{self._function.key}", version=self.number)["flow"]

    def diff(self) -> Diff:
        """What it changed."""
        return self._function.diff(max(1, self.number - 1), self.number)

    def restore(self, message: str | None = None) -> None:
        """Make it the latest one again."""
        self._function.restore(self, message)

    def __repr__(self) -> str:
        return f"v{self.number} {self.message or self.source or ''} by {self.author or 'nobody'}"


class Snapshot:
    """A named state of a function."""

    def __init__(self, bench: BenchFace, told: Mapping[str, Any]) -> None:
        self._bench = bench
        self._told = told

    @property
    def id(self) -> str:
        """Its id."""
        return self._told["id"]

    @property
    def name(self) -> str:
        """Its name."""
        return self._told["name"]

    @property
    def description(self) -> str | None:
        """What it is for."""
        return self._told["description"]

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags."""
        return tuple(self._told["tags"])

    @property
    def is_favorite(self) -> bool:
        """Whether it is marked."""
        return self._told["isFavorite"]

    @property
    def version(self) -> int:
        """The version that it was made of."""
        return self._told["version"]

    @property
    def flow(self) -> dict[str, Any]:
        """Its flow as on the wire."""
        return self._bench.api.get(f"/snapshots/{self.id}")["flow"]

    def tag(self, *tags: str) -> Self:
        """Replace its tags."""
        self._told = self._bench.api.put(f"/snapshots/{self.id}/tags", {"tags": list(tags)})
        return self

    def favorite(self, wanted: bool = True) -> Self:
        """Mark it, or not."""
        self._told = self._bench.api.post(f"/snapshots/{self.id}/favorite", {"isFavorite": wanted})
        return self

    def restore(self, message: str | None = None) -> None:
        """Make it its function's latest version."""
        self._bench.function_of(self._told["functionId"]).restore(self, message)

    def delete(self) -> None:
        """Delete it; the function stays as it is."""
        self._bench.api.delete(f"/snapshots/{self.id}")

    def __repr__(self) -> str:
        tags = "".join(f" #{tag}" for tag in self.tags)
        return f"Snapshot “{self.name}” of v{self.version}{tags}{' ★' if self.is_favorite else ''}"


_CHANGE_COLUMNS: dict[str, Any] = {
    "version": lambda c: c.version,
    "change": lambda c: c.label,
    "author": lambda c: c.author,
    "when": lambda c: second_of(c.created_at),
    "undone": lambda c: "undone" if c.undone else "",
}
_VERSION_COLUMNS: dict[str, Any] = {
    "version": lambda v: v.number,
    "what": lambda v: v.message or "",
    "source": lambda v: v.source or "",
    "author": lambda v: v.author or "",
    "when": lambda v: second_of(v.created_at),
}
_SNAPSHOT_COLUMNS: dict[str, Any] = {
    "name": lambda s: ("★ " if s.is_favorite else "") + s.name,
    "version": lambda s: s.version,
    "tags": lambda s: ", ".join(s.tags),
    "when": lambda s: second_of(s._told["createdAt"]),  # noqa: SLF001 - its own list
    "description": lambda s: s.description or "",
}
