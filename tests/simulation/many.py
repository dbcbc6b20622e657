"""Many seeds, in several processes."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import structlog

from tests.simulation.database import Databases
from tests.simulation.play import Report, simulate

CHUNK = 25


def quiet() -> None:
    """Only what should never be said."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))


def chunk(seeds: list[int]) -> list[Report]:
    """Some seeds, in a process of their own."""
    quiet()
    gc.set_threshold(50_000, 20, 20)  # as a server does
    databases = Databases()
    reports = [simulate(seed, databases) for seed in seeds]
    databases.close()
    return reports


def reports(seeds: list[int], processes: int) -> Iterator[Report]:
    """Simulate all, in order."""
    chunks = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]
    if processes == 1:
        for some in chunks:
            yield from chunk(some)
        return
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        for some in pool.map(chunk, chunks):
            yield from some
