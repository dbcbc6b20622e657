"""What a run waits for, in words; and what is sent to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.base.errors import InvalidState
from workbench.client.api import Api
from workbench.client.errors import short
from workbench.client.times import second_of

ACTS = {
    "approval": "run.approve(comment=…) or run.reject(comment=…)",
    "event": 'run.signal("{event}", {{…}})',
}


def send(api: Api, run_id: str, event_type: str, payload: Any) -> bool:
    """Send a signal; whether a wait took it at once."""
    return api.post(f"/runs/{run_id}/signals", {"eventType": event_type, "payload": payload})["delivered"]


def waiting_path(waits: Sequence[Mapping[str, Any]], block: Mapping[str, Any]) -> str:
    """The path at which a block waits for a decision. Raises InvalidState when it does not."""
    for wait in waits:
        if wait["blockId"] == block["id"] and wait["kind"] == "approval":
            return wait["path"]
    raise short(
        InvalidState(f"“{block['name']}” waits for no decision now.", hint="run.waiting says what it waits for.")
    )


def wait_in_words(wait: Mapping[str, Any]) -> str:
    """One wait: what for, where, and until when."""
    what = {
        "approval": wait.get("title") or wait.get("message") or "a decision",
        "event": f"the event {wait.get('eventType')}",
        "condition": "its condition",
        "timer": "its time",
    }[wait["kind"]]
    until = second_of(str(wait["dueAt"]))
    return f"{what} at “{wait['blockName']}”, until {until}"


def in_words(waits: Sequence[Mapping[str, Any]]) -> str:
    """All that a run waits for, in one line."""
    more = f" and {len(waits) - 1} more" if len(waits) > 1 else ""
    return f"{wait_in_words(waits[0])}{more}"


def next_act(wait: Mapping[str, Any]) -> str:
    """What ends the wait sooner; empty where only time does."""
    return ACTS.get(wait["kind"], "").format(event=wait.get("eventType"))
