"""Whether changes are about one place: then none is taken back alone while one that was made after it stands."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.flow.changes import LISTS, Change, Drop, Order, Put, Set, touched


class Places:
    """The places that some changes are about. An order of things is none: it changes no behaviour."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._changes: dict[tuple[str, str], list[Change]] = {}
        self._blocks: set[str] = set()
        """Those that were added or removed."""
        self._ends: set[str] = set()
        """Those that edges which were added or removed join."""
        for change in changes:
            if not isinstance(change, Order):
                self._changes.setdefault(touched(change), []).append(change)
            self._blocks |= _blocks(change)
            self._ends |= _ends(change)

    def meeting(self, change: Change) -> bool:
        """Whether that change is about one of the places too."""
        if isinstance(change, Order):
            return False
        if any(_overlap(mine, change) for mine in self._changes.get(touched(change), ())):
            return True
        if _ends(change) & self._blocks or _blocks(change) & self._ends:
            return True
        return self._meets_list(change)

    def _meets_list(self, change: Change) -> bool:
        """Notes and groups are changed one by one, or as a whole list of the flow."""
        kind, _ = touched(change)
        if isinstance(change, Set) and kind == "flow":
            return any(of == LISTS.get(change.path[0]) for of, _ in self._changes)
        lists = (mine for mine in self._changes.get(("flow", ""), ()) if isinstance(mine, Set))
        return any(LISTS.get(mine.path[0]) == kind for mine in lists)


def _overlap(a: Change, b: Change) -> bool:
    if not isinstance(a, Set) or not isinstance(b, Set):
        return True
    shorter = min(len(a.path), len(b.path))
    return a.path[:shorter] == b.path[:shorter]


def _blocks(change: Change) -> set[str]:
    match change:
        case Put("block") | Drop("block"):
            return {change.value["id"]}
        case _:
            return set()


def _ends(change: Change) -> set[str]:
    match change:
        case Put("edge") | Drop("edge"):
            return {change.value["source"], change.value["target"]}
        case _:
            return set()
