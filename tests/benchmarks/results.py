"""What a case found, and how it is shown: on the terminal, as Markdown, as JSON lines."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from tests.benchmarks.machine import QUIET


@dataclass(slots=True)
class Beside:
    """What a figure of ours is held against; `aim`: at least (or, where less is better, at most) so many times it."""

    label: str
    values: list[float]
    aim: float | None = None


@dataclass(slots=True)
class Result:
    """One line: our figures of a few rounds, and what they are held against."""

    case: str
    what: str
    unit: str
    ours: list[float]
    beside: list[Beside] = field(default_factory=list)
    better: Literal["more", "less"] = "more"
    foreign: float = 0.0
    """Processor seconds a second that others took, in the worst round."""
    note: str = ""

    @property
    def median(self) -> float:
        """The median of our rounds."""
        return statistics.median(self.ours)

    def ratio(self, beside: Beside) -> float:
        """How often the other's median goes into ours."""
        return self.median / (statistics.median(beside.values) or 1e-9)

    def verdict(self, beside: Beside) -> str:
        """Whether the aim is met; nothing where there is none."""
        if beside.aim is None:
            return ""
        ratio = self.ratio(beside)
        return "met" if (ratio >= beside.aim if self.better == "more" else ratio <= beside.aim) else "MISSED"

    def told_aim(self, beside: Beside) -> str:
        """The aim in words."""
        sign = "≥" if self.better == "more" else "≤"
        return "" if beside.aim is None else f"{sign} {beside.aim:.3g}×"


HEADS = ("what", "workbench", "beside", "figure", "ratio", "aim", "")


def rows(result: Result) -> list[tuple[str, ...]]:
    """The lines of one result, each beside one other."""
    what = result.what + (f" ({result.note})" if result.note else "")
    ours = f"{short(result.median)} {result.unit}{'' if result.foreign < QUIET else ' †'}"
    if not result.beside:
        return [(what, ours, "", "", "", "", "")]
    found = []
    for i, beside in enumerate(result.beside):
        figure, ratio = short(statistics.median(beside.values)), f"{result.ratio(beside):.3g}×"
        head = (what, ours) if i == 0 else ("", "")
        found.append((*head, beside.label, figure, ratio, result.told_aim(beside), result.verdict(beside)))
    return found


def show(result: Result) -> None:
    """Print one result as soon as it is there."""
    for row in rows(result):
        what, ours, label, figure, ratio, aim, verdict = row
        print(f"{what:62} {ours:>20}   {label:26} {figure:>10} {ratio:>8} {aim:>8} {verdict}", flush=True)
    if result.foreign >= 0.01:
        print(f"{'':62} {'others took':>20}   {result.foreign:.2f} processors meanwhile", flush=True)


def markdown(results: list[Result]) -> str:
    """One table for the README; † marks what was taken while others used the processors."""
    lines = ["| Case | Workbench | Beside | Its figure | Ratio | Aim | |", "|---|---|---|---|---|---|---|"]
    lines += ["| " + " | ".join(row) + " |" for result in results for row in rows(result)]
    busiest = max((result.foreign for result in results), default=0.0)
    lines.append(f"\nOther processes took at most {busiest:.2f} processors during any of these.")
    return "\n".join(lines)


def write_lines(path: Path, results: list[Result]) -> None:
    """One JSON object a line: every round's figure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({**asdict(r), "median": r.median}) + "\n" for r in results))


def read_lines(path: Path) -> list[Result]:
    """What `write_lines` wrote."""
    found = []
    for line in path.read_text().splitlines():
        fields = json.loads(line)
        del fields["median"]
        fields["beside"] = [Beside(**beside) for beside in fields["beside"]]
        found.append(Result(**fields))
    return found


def short(value: float) -> str:
    """Three figures, more where the number is larger."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
