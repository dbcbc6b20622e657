"""Medians of a few rounds, and the table that they are printed in."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of a thing in a second: the median of the rounds, and the least and the most."""

    name: str
    unit: str
    median: float
    low: float
    high: float


async def rate(name: str, unit: str, count: int, work: Callable[[], Awaitable[object]], rounds: int = ROUNDS) -> Rate:
    """How many of `count` a second `work` gets done; the first round warms up and does not count."""
    await work()
    rates: list[float] = []
    for _ in range(rounds):
        started = perf_counter()
        await work()
        rates.append(count / (perf_counter() - started))
    return Rate(name, unit, statistics.median(rates), min(rates), max(rates))


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of all lie; nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def print_rates(title: str, rates: list[Rate], against: list[Rate]) -> None:
    """A table: one row a rate, one column of ratios for each limit."""
    print(f"\n{title}\n")
    heads = "".join(f" {limit.name:>22}" for limit in against)
    print(f"{'':44} {'median':>12} {'low':>12} {'high':>12}{heads and '   ratio to:'}{heads}")
    for found in rates:
        ratios = "".join(f" {found.median / limit.median:22.4g}" for limit in against)
        space = " " * (12 if heads else 0)
        print(
            f"{found.name:44} {found.median:12,.0f} {found.low:12,.0f} {found.high:12,.0f}{space}{ratios}  {found.unit}"
        )
