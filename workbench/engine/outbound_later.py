"""Outbound calls whose HTTP client is loaded with the first of them: most starts make none soon."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from workbench.blocks.context import HttpRequest, HttpResponse
from workbench.engine.addresses import AllowList

if TYPE_CHECKING:
    from workbench.engine.outbound import OutboundHttp


class OutboundLater:
    """Answers as `OutboundHttp`."""

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self._allow = tuple(allow)
        AllowList.parse(self._allow)  # what is wrong with the setting is told at the start
        self._outbound: OutboundHttp | None = None

    async def send(self, request: HttpRequest, headers: Mapping[str, str] | None = None) -> HttpResponse:
        """Make the call; see `OutboundHttp.send`."""
        if self._outbound is None:
            await asyncio.to_thread(import_module, "workbench.engine.outbound")
        return await self._loaded().send(request, headers)

    async def close(self) -> None:
        """Close every connection."""
        if self._outbound is not None:
            await self._outbound.close()

    def _loaded(self) -> OutboundHttp:
        from workbench.engine.outbound import OutboundHttp  # loads httpx, 0.15 s; `send` has done so in a thread

        if self._outbound is None:
            self._outbound = OutboundHttp(self._allow)
        return self._outbound
