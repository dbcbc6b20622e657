"""Tasks side by side that belong to one scope: all end before it goes on."""

from __future__ import annotations

import asyncio

from workbench.engine.halting import Halt


async def all_lanes(lanes: list[asyncio.Task[None]]) -> None:
    """Wait for all; the first that breaks (not one that was only told to stop) is raised once the others ended."""
    try:
        left = set(lanes)
        while left:
            done, left = await asyncio.wait(left, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                error = asyncio.CancelledError() if task.cancelled() else task.exception()
                if error is not None and not isinstance(error, Halt):
                    raise error
    finally:
        for task in lanes:
            task.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
