"""How quiet the machine is: what other processes take of the processors while something is measured."""

from __future__ import annotations

import time

import psutil

QUIET = 0.25
"""Processor seconds a second that others may take before a figure is marked as taken on a busy machine."""


class Watch:
    """Around a measurement: `foreign` is what processes that we did not start took, in processor seconds a second."""

    foreign = 0.0

    def __enter__(self) -> Watch:
        self._started, self._busy, self._own = time.monotonic(), _busy(), _own()
        return self

    def __exit__(self, *_: object) -> None:
        seconds = max(0.02, time.monotonic() - self._started)
        self.foreign = max(0.0, (_busy() - self._busy - (_own() - self._own)) / seconds)


def _busy() -> float:
    times = psutil.cpu_times()
    return sum(getattr(times, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq"))


def _own() -> float:
    """Processor seconds of this process and all that it started, the dead ones too once they were waited for."""
    total = 0.0
    here = psutil.Process()
    for process in (here, *here.children(recursive=True)):
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.Error:
            continue
    return total
