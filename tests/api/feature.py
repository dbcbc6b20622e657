"""A small feature written by the pattern of `workbench/api/README.md`, to try the pattern itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.responses import Response

from workbench.access.facts import WorkspaceCreated
from workbench.base.errors import Conflict, FlowInvalid, Unavailable
from workbench.base.times import Time
from workbench.base.wire import Wire
from workbench.flow.model import Name
from workbench.rest import once
from workbench.rest.answers import ok
from workbench.rest.caller import Caller, missing
from workbench.rest.dependencies import CallerDep
from workbench.rest.operation import Operations

THING = "01900000-0000-7000-8000-00000000000a"
ThingId = Annotated[str, Path(alias="thingId")]


class Config(Wire):
    timer_ms: int


class Block(Wire):
    config: Config


class Flow(Wire):
    blocks: list[Block]


class ThingChange(Wire):
    name: Name = "x"
    flow: Flow | None = None
    due_at: Time | None = None
    expected_version: int | None = None


class Counter:
    """Counts how often its operations really ran; `gate` holds them."""

    def __init__(self) -> None:
        self.calls = 0
        self.gate = asyncio.Event()
        self.entered = asyncio.Event()
        self.failures = 0


def routes(workbench: Any, counter: Counter) -> APIRouter:
    api = Operations("Things")

    async def exists(_: Caller, path: Mapping[str, str]) -> None:
        if path["thingId"] != THING:
            raise missing("thing", path["thingId"])

    @api.put("/things/{thingId}", "updateThing", answers=ThingChange, exists=exists)
    async def update(caller: CallerDep, thing_id: ThingId, body: ThingChange) -> Response:
        await exists(caller, {"thingId": thing_id})
        if body.expected_version == 409:
            raise Conflict("Stale.")
        if body.expected_version == 422:
            raise FlowInvalid("The flow does not validate.")
        return ok(body)

    @api.post("/things", "createThing", status=201)
    async def create(caller: CallerDep, body: ThingChange) -> Response:
        counter.calls += 1
        fact = WorkspaceCreated(UUID(workbench.services.ids.new()).bytes, body.name, 1)

        def decide(_cursor: Any) -> tuple[list[Any], dict[str, Any]]:
            return [fact], {"name": body.name, "call": counter.calls}

        return ok(await once.transact(workbench.store, decide, caller.workspace_id))

    @api.post("/things/{thingId}/touch", "touchThing", exists=exists)
    async def touch(caller: CallerDep, thing_id: ThingId) -> Response:
        await exists(caller, {"thingId": thing_id})
        counter.calls += 1
        return ok({"call": counter.calls}, {"touched": thing_id})

    @api.post("/slow-things", "createSlowThing")
    async def slow(body: ThingChange) -> Response:
        counter.calls += 1
        counter.entered.set()
        await counter.gate.wait()
        return ok({"call": counter.calls, "name": body.name})

    @api.post("/failing-things", "createFailingThing")
    async def failing() -> Response:
        counter.calls += 1
        if counter.failures:
            counter.failures -= 1
            raise Unavailable("Not now.")
        return ok({"call": counter.calls})

    @api.get("/bugs", "getBug")
    async def bug() -> Response:
        raise ZeroDivisionError("the secret inside")

    return api.router
