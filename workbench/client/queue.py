"""The queue in a notebook, and a function's settings as they go on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.base.errors import InvalidInput
from workbench.client.errors import short

SETTINGS = {
    "timeout_ms": "timeoutMs",
    "concurrency": "concurrency",
    "retention": "retention",
    "on_failure": "onFailure",
}


def settings_on_wire(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by their names on the wire; a function stands for its id. Raises InvalidInput for unknown ones."""
    unknown = [name for name in changes if name not in SETTINGS]
    if unknown:
        raise short(InvalidInput(f"A function has no setting `{unknown[0]}`; it has {', '.join(SETTINGS)}."))
    return {SETTINGS[name]: getattr(value, "id", value) for name, value in changes.items()}


class QueueStats(dict[str, Any]):
    """What waits, works and ended lately; shows itself as a table."""

    _COUNTS = ("pending", "queued", "active", "waiting", "paused", "completed", "failed", "cancelled", "deadLetter")

    def _repr_html_(self) -> str:
        from workbench.client.showing.tables import grid, note

        table = grid(self._COUNTS, [[self[name] for name in self._COUNTS]], numbers=range(len(self._COUNTS)))
        return table + note(self._line())

    def _line(self) -> str:
        times = self["queueMs"]
        waited = f"{times['p50']:,.1f} ms queued at the median" if times["p50"] is not None else "nothing was queued"
        paused = "".join(
            f"; {'the server' if p['functionId'] is None else p['functionId']} is paused since {p['since']}"
            + (f" ({p['reason']})" if p["reason"] else "")
            for p in self["pauses"]
        )
        limit = f"at most {self['concurrencyLimit']} at once here, {self['serverLimit']} on the server"
        return f"{limit}; {waited}; {self['throughputPerMinute']:,.1f} runs a minute{paused}"

    def __repr__(self) -> str:
        counts = ", ".join(f"{self[name]} {name}" for name in self._COUNTS if self[name])
        return f"Queue: {counts or 'empty'}; {self._line()}"
