"""The HTTP client comes with the first call; what is wrong with the setting is told before."""

from __future__ import annotations

import asyncio

import pytest

from workbench.base.errors import BlockFailed, InvalidInput
from workbench.blocks.context import HttpRequest
from workbench.engine.outbound_later import OutboundLater


def test_a_call_is_guarded_as_any_other() -> None:
    async def call() -> None:
        outbound = OutboundLater()
        try:
            await asyncio.gather(*(outbound.send(HttpRequest("GET", "http://127.0.0.1:1/")) for _ in range(2)))
        finally:
            await outbound.close()

    with pytest.raises(BlockFailed, match="is refused"):
        asyncio.run(call())


def test_a_setting_that_is_none_is_told_at_the_start() -> None:
    with pytest.raises(InvalidInput):
        OutboundLater(["10.0.0.0/99"])
