"""Calls that take a while: their progress as one quiet line, then their answer."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx

from workbench.base.errors import Unavailable
from workbench.client.api import Api
from workbench.client.errors import error_of, short
from workbench.client.progress import LEAST_GAP_S, QUIET_S, Line, line_of

IMPORT_S = 600.0


def with_progress(api: Api, path: str, body: Any, wait_s: float) -> Any:
    """A POST's `data`. Raises what the answer tells, and Unavailable for a broken connection: it may be done then."""
    begun = shown = time.monotonic()
    line: Line | None = None
    try:
        with api.stream(path, wait_s, method="POST", body=body) as source:
            if "text/event-stream" not in source.response.headers.get("content-type", ""):
                source.response.read()
                return api.open(source.response)["data"]
            for event in source.iter_sse():
                told = json.loads(event.data)
                if event.event == "result":
                    return told["data"]
                if event.event == "error":
                    raise error_of(told["error"], 0)
                now = time.monotonic()
                if now - begun > QUIET_S and now - shown > LEAST_GAP_S:
                    line, shown = line or line_of(), now
                    line.show(f"{told['phase']} · {told['done']:,} / {told['total']:,}", _part(told))
    except httpx.TransportError as error:
        raise short(_broken(str(error))) from None
    finally:
        if line is not None:
            line.end()
    raise short(_broken("the answer ended early"))


def _part(told: dict[str, Any]) -> float | None:
    return told["done"] / told["total"] if told["total"] else None


def _broken(why: str) -> Unavailable:
    return Unavailable(f"The connection broke: {why}.", hint="It may be done all the same: look before you try again.")
