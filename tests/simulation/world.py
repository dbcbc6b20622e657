"""What a simulated machine reaches: an HTTP server that counts, workers that die. It outlives the processes."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from tests.simulation.loop import virtual
from workbench.base.errors import BlockFailed
from workbench.blocks.context import HttpRequest, HttpResponse, WorkerJob

Ended = Literal["in flight", "answered", "refused", "unknown", "cut off"]


@dataclass(eq=False)
class Call:
    """One outbound call: `ended` says what the engine knows of it, `life` in which one it was made."""

    key: str
    url: str
    life: tuple[int, int]
    ended: Ended = "in flight"
    status: int = 0


@dataclass
class Moods:
    """How the world behaves in this simulation: chances per call."""

    error: float = 0.1
    refuse: float = 0.03
    cut: float = 0.05
    hang: float = 0.02
    slow: float = 0.1
    worker_death: float = 0.05
    worker_failure: float = 0.05


class World:
    """Outlives every process of its simulation."""

    def __init__(self, rng: Random, moods: Moods) -> None:
        self.rng = rng
        self.moods = moods
        self.calls: list[Call] = []
        self.by_key: dict[str, list[Call]] = defaultdict(list)
        self.answers: dict[str, tuple[int, bytes]] = {}
        """The server remembers what it answered to a key, as good servers do."""
        self.jobs: Counter[str] = Counter()
        self.lives = 0
        self.losses: Callable[[], int] = lambda: 0
        """How often this process's disk has refused to keep something: each is as good as a crash for what was in
        flight, and a relaxed run may go on a while before it hears of it."""

    @property
    def life(self) -> tuple[int, int]:
        """Within one nothing that the engine knows is lost."""
        return self.lives, self.losses()

    def delay(self) -> float:
        """Seconds of virtual time that something outside takes."""
        if self.rng.random() < self.moods.slow:
            return self.rng.uniform(0.1, 20)
        return self.rng.random() * 0.01


@dataclass(frozen=True, slots=True)
class SimOutbound:
    """One process's way out."""

    world: World
    is_alive: Callable[[], bool]

    async def send(self, request: HttpRequest, headers: Mapping[str, str]) -> HttpResponse:
        world, moods, rng = self.world, self.world.moods, self.world.rng
        key = headers["Idempotency-Key"]
        call = Call(key, request.url, world.life)
        world.calls.append(call)
        world.by_key[key].append(call)
        fate = rng.random()
        try:
            if fate < moods.hang:
                await virtual(request.timeout_ms / 1000)
                call.ended = "unknown"
                raise BlockFailed("no answer in time", kind="HTTP", unknown=True)
            await virtual(world.delay())
            fate -= moods.hang
            if fate < moods.refuse:
                call.ended = "refused"
                raise BlockFailed("no connection", kind="HTTP")
            fate -= moods.refuse
            status, body = world.answers.setdefault(key, self._answer(request, fate < moods.error))
            await virtual(world.delay())
            if rng.random() < moods.cut:
                call.ended = "unknown"
                raise BlockFailed("cut off", kind="HTTP", unknown=True)
            call.ended, call.status = "answered", status
            return HttpResponse(status, {"content-type": "application/json"}, body, 1.0, request.url)
        except asyncio.CancelledError:
            if self.is_alive():
                call.ended = "cut off"
            raise

    def _answer(self, request: HttpRequest, fails: bool) -> tuple[int, bytes]:
        if fails:
            return 500, b'"broken"'
        return 200, json.dumps({"echo": json.loads(request.body or b"null")}).encode()


@dataclass(frozen=True, slots=True)
class SimWorkers:
    """Computes inline what a worker process would, with its delays and deaths."""

    world: World

    async def run(self, job: WorkerJob, on_log: Callable[..., None], *, owner: str = "") -> Any:
        del owner
        world, moods = self.world, self.world.moods
        world.jobs[job.language] += 1
        await virtual(world.delay())
        fate = world.rng.random()
        if fate < moods.worker_death:
            raise BlockFailed("The worker died.", kind="WORKER_DIED", unknown=True)
        if fate < moods.worker_death + moods.worker_failure:
            raise BlockFailed("ValueError: it is so", kind="CODE")
        on_log("computed")
        return eval(job.code, {}, dict(job.names))


@dataclass
class InlineThreads(Executor):
    """The engine's thread pool; the loop runs its work itself, so nothing ever comes here."""

    refused: list[str] = field(default_factory=list)

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.refused.append(repr(fn))
        raise RuntimeError("a simulation has no threads")
