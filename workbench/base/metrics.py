"""Figures in the Prometheus text format 0.0.4: names, help, types, samples. No label ever holds an id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

SYNC_BUCKETS_S = (0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1.0)
"""For what a disk is to do in well under a millisecond."""
BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 60.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(slots=True)
class Histogram:
    """Seconds by bucket, each up to and with one of `bounds`. `observe` costs well under a microsecond."""

    bounds: tuple[float, ...] = BUCKETS_S
    counts: list[int] = field(default_factory=list[int])
    total_s: float = 0.0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.bounds) + 1)

    def observe(self, seconds: float) -> None:
        """Count one."""
        index = 0
        for most in self.bounds:
            if seconds <= most:
                break
            index += 1
        self.counts[index] += 1
        self.total_s += seconds


@dataclass(frozen=True, slots=True)
class Metric:
    """One family: a number, numbers by the value of one label, or a histogram. `name` is without ``workbench_``."""

    name: str
    help: str
    kind: Literal["counter", "gauge", "histogram"]
    value: float | Mapping[str, float] | Histogram
    label: str = ""


def as_text(metrics: Iterable[Metric]) -> str:
    """All families, each with its help and type."""
    lines: list[str] = []
    for m in metrics:
        name = f"workbench_{m.name}"
        lines += [f"# HELP {name} {m.help}", f"# TYPE {name} {m.kind}"]
        if isinstance(m.value, Histogram):
            seen = 0
            for most, count in zip((*map(str, m.value.bounds), "+Inf"), m.value.counts, strict=True):
                seen += count
                lines.append(f'{name}_bucket{{le="{most}"}} {seen}')
            lines += [f"{name}_sum {m.value.total_s:g}", f"{name}_count {seen}"]
        elif isinstance(m.value, Mapping):
            lines += [f'{name}{{{m.label}="{_escaped(key)}"}} {value:.16g}' for key, value in m.value.items()]
        else:
            lines.append(f"{name} {m.value:.16g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
