"""How often an effect has failed for good at one place, retries together: what its idempotency key is made of."""

from __future__ import annotations

from workbench.engine.calls import Calls
from workbench.engine.program import Program
from workbench.engine.replay import Journal


class Repeats:
    """The definite failures of one run, by path without the indexes of scopes whose iterations are attempts."""

    __slots__ = ("_calls", "_found", "journal", "program")

    def __init__(self, program: Program, journal: Journal | None, calls: Calls) -> None:
        self.program = program
        self._calls = calls
        self.journal = journal
        self._found: dict[str, int] | None = None

    def _by_key(self) -> dict[str, int]:
        """By key path: attempts that failed for good, those before a restart too."""
        found = self._found
        if found is None:
            found = self._found = {}
            for path, times in self.journal.failures.items() if self.journal is not None else ():
                key = self._without_indexes(path)
                found[key] = found.get(key, 0) + times
        return found

    def count(self, path: str) -> None:
        """An attempt at `path` failed for good."""
        key = self._without_indexes(path)
        found = self._by_key()
        found[key] = found.get(key, 0) + 1

    def key_path(self, path: str) -> tuple[str, int]:
        """The path without retry indexes, and how many attempts there failed for good."""
        key = self._without_indexes(path)
        return key, self._by_key().get(key, 0)

    def _without_indexes(self, path: str) -> str:
        if "[" not in path:
            return path
        parts = path.split("/")
        program = self.program
        for at, part in enumerate(parts[:-1]):
            scope = part.partition("[")[0]
            if scope not in program.places:
                break
            node = program.node(scope)
            if node.call is not None:
                program = self._calls.program(node)
            elif getattr(node.kind, "repeats", False):
                parts[at] = scope
        return "/".join(parts)
