"""Starts what is measured in processes of their own and speaks with them: a line in, a line of JSON back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks import environments
from tests.benchmarks.peers.contestant import WORD

PLUGIN = "workbench_benchmark-1.dist-info"


@dataclass(frozen=True, slots=True)
class Contender:
    """An engine in one set-up; `script` is a module of ours, or a file of the peers."""

    label: str
    script: str
    variant: str = ""
    environment: str | None = None
    """The peer's environment; None: ours."""

    def command(self) -> list[str] | None:
        """What starts it, without its arguments; None where its environment cannot be had."""
        if self.environment is None:
            return [sys.executable, "-m", f"tests.benchmarks.{self.script}"]
        python = environments.ensure(self.environment)
        return None if python is None else [str(python), str(environments.PEERS / f"{self.script}.py")]


OURS = Contender("workbench", "ours")
RAW = Contender("raw fdatasync", "raw")
POLARS = Contender("bare polars", "bare_polars")
BURR = Contender("Burr", "peer_burr", "sqlite", "burr")
DBOS = Contender("DBOS", "peer_dbos", "sqlite", "dbos")
LANGGRAPH_SYNC = Contender("LangGraph sync", "peer_langgraph", "sync", "langgraph")
LANGGRAPH_EXIT = Contender("LangGraph exit", "peer_langgraph", "exit", "langgraph")


def plugin(folder: Path) -> Path:
    """A folder for PYTHONPATH in which the benchmark's block is an installed one, as any server finds it."""
    info = folder / "plugin" / PLUGIN
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: workbench-benchmark\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[workbench.blocks]\nbench_effect = tests.benchmarks.flows:AddEffect\n")
    return info.parent


BYTECODE = environments.ROOT / ".venv-peers" / "bytecode"


def compiled() -> dict[str, str]:
    """This environment, in which what is imported is compiled once: as pip does, whatever else is set here."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(BYTECODE)}


def environ(home: Path, **more: str) -> dict[str, str]:
    """A child's environment: it finds this checkout and the benchmark's block."""
    paths = [str(environments.ROOT), str(plugin(home)), os.environ.get("PYTHONPATH", "")]
    return {**compiled(), "PYTHONPATH": os.pathsep.join(p for p in paths if p), **more}


class Child:
    """One contender at one case, in a process of its own over a folder of its own."""

    def __init__(self, contender: Contender, command: list[str], case: str, home: Path, **more: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.label = contender.label
        self._log = home / f"{case}.log"
        environment = environ(home, **more) if contender.environment is None else {**compiled(), **more}
        if contender.environment is not None:
            environment.pop("PYTHONPATH", None)
        self.process = subprocess.Popen(
            [*command, case, contender.variant, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log.open("wb"),
            env=environment,
            text=True,
            start_new_session=True,
        )

    def told(self) -> dict[str, Any]:
        """The next thing that it says. Raises RuntimeError when it ends without a word."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(WORD):
                return json.loads(line[len(WORD) :])
        raise RuntimeError(f"{self.label} ended by itself: {self._log.read_text(errors='replace')[-400:]}")

    def go(self) -> dict[str, Any]:
        """Have it do its case once."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self.told()

    def end(self) -> None:
        """Kill it, and what it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
