"""Follows a run by its events until it ends or stands still."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx

from workbench.client.api import Api

ENDED = frozenset({"completed", "failed", "cancelled", "timed_out", "dead_letter"})
SILENCE_S = 20.0
"""The server's heartbeat comes each 15 s; a longer silence is a lost connection."""
AGAIN_S = 0.2

Hear = Callable[[dict[str, Any] | None, list[dict[str, Any]]], None]
"""Told the run where it changed, and the states of blocks that changed."""


def is_still(told: dict[str, Any]) -> bool:
    """Whether nothing will happen by itself."""
    return told["status"] in ENDED or told["status"] == "paused"


def follow(
    api: Api, run_id: str, timeout: float | None, hear: Hear, is_enough: Callable[[], bool] = lambda: False
) -> dict[str, Any]:
    """The run as it ended or stands still, as it is when `is_enough`, or after `timeout` seconds.

    A lost connection, and a lost server that comes back, are borne.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    pause = threading.Event()
    while True:
        try:
            if _listen(api, run_id, deadline, hear, is_enough):
                return api.get(f"/runs/{run_id}")
        except (httpx.HTTPError, httpx.StreamError):
            pass  # the next read tells whether the server is gone
        told = api.get(f"/runs/{run_id}")
        hear(told, told["blockStates"])
        left = None if deadline is None else deadline - time.monotonic()
        if is_enough() or is_still(told) or (left is not None and left <= 0):
            return told
        pause.wait(AGAIN_S if left is None else min(AGAIN_S, left))


def _listen(api: Api, run_id: str, deadline: float | None, hear: Hear, is_enough: Callable[[], bool]) -> bool:
    """Whether the events said that the run is still, or time is up."""
    silence = SILENCE_S if deadline is None else max(0.05, min(SILENCE_S, deadline - time.monotonic()))
    with api.stream(f"/runs/{run_id}/events", silence) as source:
        for event in source.iter_sse():
            told: dict[str, Any] | None = None
            if event.event in ("ready", "reset"):
                read: dict[str, Any] = api.get(f"/runs/{run_id}")
                hear(read, read["blockStates"])
                told = read
            elif event.event == "run":
                told = json.loads(event.data)
                hear(told, [])
            elif event.event == "block":
                hear(None, json.loads(event.data)["items"])
            is_late = deadline is not None and time.monotonic() >= deadline
            if is_late or is_enough() or (told is not None and is_still(told)):
                return True
    return False
