"""The rules of signals: whose run it is, and what a decision must say."""

from __future__ import annotations

from typing import Any

from workbench.base.errors import InvalidInput, InvalidState, Issue
from workbench.engine.signals import SignalDesk
from workbench.rest.caller import Caller
from workbench.runs.models import NewSignal, Signal
from workbench.runs.service import Runs

APPROVAL = "approval"
DECISIONS = ("approve", "reject")
MOST_WORDS = 10_000


class Signalling:
    """What callers send to their runs."""

    def __init__(self, runs: Runs, desk: SignalDesk) -> None:
        self._runs = runs
        self._desk = desk

    async def send(self, caller: Caller, run_id: str, new: NewSignal) -> Signal:
        """Give a run a signal. Raises NotFound, InvalidInput, InvalidState for a run that is over."""
        await self._runs.exists(caller, run_id)
        if new.event_type == APPROVAL:
            _check_decision(new.payload)
        try:
            signal, delivered = await self._desk.send(run_id.lower(), new.event_type, new.payload, caller.author)
        except InvalidState as error:
            run = await self._runs.get(caller, run_id)
            if run.finished_at is not None:
                raise InvalidState(f"The run is already {run.status.value}.", hint=error.hint) from None
            raise
        return Signal(id=signal.id, run_id=run_id.lower(), event_type=new.event_type, delivered=delivered)


def _check_decision(payload: Any) -> None:
    issues: list[Issue] = []
    said: dict[str, Any] = payload if isinstance(payload, dict) else {}
    if said.get("decision") not in DECISIONS:
        issues.append(Issue("payload.decision", "must be approve or reject"))
    for field in ("comment", "by", "path"):
        value = said.get(field)
        if value is not None and not (isinstance(value, str) and len(value) <= MOST_WORDS):
            issues.append(Issue(f"payload.{field}", f"must be text of at most {MOST_WORDS:,} characters"))
    if issues:
        raise InvalidInput(
            f"`{issues[0].field}` of an approval {issues[0].issue}.",
            hint='Send {"eventType": "approval", "payload": {"decision": "approve"}}.',
            details=issues,
        )
