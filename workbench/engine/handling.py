"""What the runs under way ask of failure handlers; `handlers.py` answers."""

from __future__ import annotations

from typing import Any, Protocol

from workbench.engine.facts import RunFinished
from workbench.engine.pen import Pen
from workbench.engine.records import RunRequest, RunRow
from workbench.engine.states import RunStatus


class Handling(Protocol):
    """What becomes of a run that fails; see `handlers.Handlers`."""

    def of(self, row: RunRow) -> str | None: ...

    async def ready(
        self, row: RunRow, pen: Pen, status: RunStatus, error: dict[str, Any] | None
    ) -> RunRequest | None: ...

    def take_in(self, request: RunRequest, row: RunRow, pen: Pen, end: RunFinished) -> None: ...
