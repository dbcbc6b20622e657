"""The matrix: each flow is killed at each point that it passes, goes on, and is compared with an undisturbed run."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import threading
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.child import TORN, Case
from tests.faults.flows import AGAIN, FILE, PYTHON, flows
from tests.faults.server import Counting
from tests.faults.spawner import Spawner

RANDOM = "random time"
MOST_LIVES = 12
STOPPED = "stopped a while"
"""Not a kill: the process stands still for some time in the middle, as on a machine that sleeps."""
NAMES = (*flows(""), AGAIN, PYTHON)


@dataclass
class Told:
    """What a case's children told."""

    acknowledged: list[str] = field(default_factory=list)
    ends: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By run: the last that was told of it."""
    first_ends: dict[str, dict[str, Any]] = field(default_factory=dict)
    canvases: dict[str, str | None] = field(default_factory=dict)
    """Acknowledged ones by id with their name (None: acknowledged without one); deleted ones are not here."""
    functions: dict[str, int] = field(default_factory=dict)
    """Acknowledged ones by id with the version that was; deleted ones are not here."""
    gone: set[str] = field(default_factory=set)
    outputs: list[Any] = field(default_factory=list)
    """Of the runs beside."""
    done: dict[str, Any] | None = None

    @classmethod
    def read(cls, home: Path) -> Told:
        """Read the lines; the last may be cut short."""
        told = cls()
        for line in (home / "told").read_bytes().splitlines() if (home / "told").exists() else ():
            try:
                what = json.loads(line)
            except ValueError:
                continue
            told._take(what)
        return told

    def _take(self, what: dict[str, Any]) -> None:
        match what:
            case {"acknowledged": run}:
                self.acknowledged.append(run)
            case {"ended": run}:
                self.ends[run] = what
            case {"canvas": canvas}:
                self.canvases[canvas] = None
            case {"changed": canvas, "name": name}:
                self.canvases[canvas] = name
            case {"function": function, "version": version}:
                self.functions[function] = version
            case {"beside": _, "output": output}:
                self.outputs.append(output)
            case {"deleting": canvas, "functions": functions}:
                self.canvases.pop(canvas, None)
                for function in functions:
                    self.functions.pop(function, None)
            case {"deleted": canvas, "functions": functions}:
                self.gone |= {canvas, *functions}
            case {"done": True}:
                self.done = what
            case _:
                pass


@dataclass
class Undisturbed:
    """How a flow goes when nobody kills it."""

    ends: list[tuple[str, Any, dict[str, tuple[str, str | None]]]]
    """Of each run in order: status, output, and the last status and port by path."""
    calls: Counter[tuple[str, str]]
    """By body and key."""
    passes: dict[str, int]
    lines: Counter[str] = field(default_factory=Counter)
    """What python blocks wrote."""


@dataclass
class Verdict:
    """What one case came to."""

    flow: str
    point: str
    kills: int = 0
    is_busy: bool = False
    """Whether other things went on beside."""
    recovered: bool = False
    repeated: int = 0
    """Effects that were called again after a crash in which they were in flight."""
    complaints: list[str] = field(default_factory=list)


class Matrix:
    """One lane: a spawner and a folder of homes, over a server that lanes share."""

    def __init__(self, folder: Path, server: Counting, seed: int = 0) -> None:
        self.folder = folder
        self.server = server
        self.spawner = Spawner()
        self.random = random.Random(seed)
        self._undisturbed: dict[str, Undisturbed] = {}
        self._number = 0
        self._seed = seed

    def close(self) -> None:
        """End the spawner."""
        self.spawner.close()

    def undisturbed(self, flow: str) -> Undisturbed:
        """Run a flow once without a kill."""
        if flow not in self._undisturbed:
            home, case = self._home()
            ended = self.spawner.run(asdict(Case(str(home), flow, f"{self.server.url}/{case}")))
            told = Told.read(home)
            assert ended == {"exit": 0}, _trace(home)
            assert told.done is not None
            self._undisturbed[flow] = Undisturbed(
                [_end(told.ends[run]) for run in told.acknowledged],
                self.server.calls[case],
                told.done["passes"],
                _lines(home),
            )
            shutil.rmtree(home)
        return self._undisturbed[flow]

    def cases(self) -> list[tuple[str, str]]:
        """Every (point, flow) that comes up, random times too."""
        found = [(point, flow) for flow in NAMES for point in self.undisturbed(flow).passes]
        return [*found, *((point, flow) for flow in NAMES for point in (RANDOM, STOPPED))]

    def kill(self, point: str, flow: str, *, busy: bool = False) -> Verdict:
        """Kill a flow at a pass of `point`, perhaps more than once, and judge how it goes on."""
        usual = self.undisturbed(flow)
        home, name = self._home()
        url = f"{self.server.url}/{name}"
        verdict = Verdict(flow, point, is_busy=busy)
        more = self.random.choice((0, 0, 0, 1, 2))
        for life in range(MOST_LIVES):
            case = self._life(home, flow, url, point if life <= more else None, busy=busy)
            self.spawner.start(asdict(case))
            if point == STOPPED:
                self._stop_a_while()
            ended = self.spawner.wait()
            if ended == {"signal": signal.SIGKILL}:
                verdict.kills += 1
                continue
            if ended != {"exit": 0}:
                verdict.complaints.append(f"a child ended with {ended}: {_trace(home)}")
            break
        else:
            verdict.complaints.append("it never came to its end")
        told = Told.read(home)
        self._judge(verdict, usual, told, self.server.calls.pop(name, Counter()))
        _judge_beside(verdict, told)
        _judge_lines(verdict, usual, _lines(home))
        if not verdict.complaints:
            shutil.rmtree(home)
        return verdict

    def _life(self, home: Path, flow: str, url: str, point: str | None, *, busy: bool) -> Case:
        if point == RANDOM:
            return Case(str(home), flow, url, seconds=self.random.uniform(0.01, 0.25), busy=busy)
        if point in (None, STOPPED):
            return Case(str(home), flow, url, busy=busy and point is not None)
        most = self.undisturbed(flow).passes.get(point, 1)
        return Case(str(home), flow, url, point, self.random.randint(1, most), busy=busy)

    def _judge(self, verdict: Verdict, usual: Undisturbed, told: Told, calls: Counter[tuple[str, str]]) -> None:
        say = verdict.complaints.append
        for run in told.acknowledged:
            if run not in told.ends:
                say(f"run {run} was acknowledged and never ended")
        ends = [_end(told.ends[run]) for run in told.ends]
        verdict.recovered = ends == usual.ends
        if not verdict.recovered:
            say(f"ended {ends}, undisturbed {usual.ends}")
        for run, end in told.ends.items():
            for path in _repeated(end["journal"]):
                say(f"run {run}: the effect {path} was completed and then begun again")
        usually, now = Counter(body for body, _ in usual.calls), Counter(body for body, _ in calls)
        if usually != now:
            say(f"calls by body, each key once: {now}, undisturbed {usually}")
        verdict.repeated = calls.total() - usual.calls.total()
        most = max(usual.calls.values(), default=0) + verdict.kills
        if max(calls.values(), default=0) > most:
            say(f"an effect was called {max(calls.values())} times in {verdict.kills} kills: {calls}")
        for broken in told.done["broken"] if told.done is not None else ():
            say(broken)

    def _stop_a_while(self) -> None:
        pid, pause = self.spawner.pid, threading.Event()
        for _ in range(self.random.randint(1, 3)):
            pause.wait(self.random.uniform(0.02, 0.3))
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                pause.wait(self.random.uniform(0.05, 0.5))
                os.kill(pid, signal.SIGCONT)

    def _home(self) -> tuple[Path, str]:
        self._number += 1
        name = f"{self._seed}-{self._number}"
        home = self.folder / name
        home.mkdir()
        return home, name


def _judge_beside(verdict: Verdict, told: Told) -> None:
    """What was edited, deleted and run beside is as it was acknowledged."""
    say = verdict.complaints.append
    for output in told.outputs:
        if output not in ([i + 1 for i in range(20)], [i + 2 for i in range(20)]):
            say(f"a run beside gave {output}")
    if told.done is None:
        return
    there, functions = told.done["canvases"], told.done["functions"]
    for canvas, name in told.canvases.items():
        if canvas not in there or (name is not None and there[canvas] != name):
            say(f"canvas {canvas} was acknowledged as {name} and is {there.get(canvas)}")
    for function, version in told.functions.items():
        if functions.get(function, 0) < version:
            say(f"function {function} was acknowledged with version {version} and has {functions.get(function)}")
    for gone in told.gone & (there.keys() | functions.keys()):
        say(f"{gone} was deleted and is there again")


def _judge_lines(verdict: Verdict, usual: Undisturbed, lines: Counter[str]) -> None:
    """A python block in flight runs again at most once a crash."""
    if lines.keys() != usual.lines.keys():
        verdict.complaints.append(f"python blocks wrote {lines}, undisturbed {usual.lines}")
    verdict.repeated += lines.total() - usual.lines.total()
    if lines.total() - usual.lines.total() > verdict.kills:
        verdict.complaints.append(f"python blocks wrote {lines} in {verdict.kills} kills")


def _lines(home: Path) -> Counter[str]:
    path = home / FILE
    return Counter(path.read_text().split()) if path.exists() else Counter()


def _end(end: dict[str, Any]) -> tuple[str, Any, dict[str, tuple[str, str | None]]]:
    last = {path: (status, port) for path, _, status, port, _ in end["journal"] if status != "running"}
    return end["status"], end["output"], last


def _repeated(journal: list[Any]) -> list[str]:
    """Effects that were begun though they were completed."""
    completed: set[str] = set()
    found: list[str] = []
    for path, _, status, _, kind in journal:
        if kind not in ("http_request", "write_table") and path not in ("p", "q"):
            continue
        if status == "running" and path in completed:
            found.append(path)
        if status == "completed":
            completed.add(path)
    return found


def _trace(home: Path) -> str:
    return (home / "trace").read_text()[-1500:] if (home / "trace").exists() else ""


__all__ = ["NAMES", "RANDOM", "STOPPED", "TORN", "Matrix", "Verdict"]
