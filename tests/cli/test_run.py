"""`workbench run FILE`: outcome, exit code, inputs, and who runs it."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command


def write_flow(folder: Path, code: str, *more: dict[str, object]) -> str:
    """A function that starts, evaluates `code`, and then runs `more` one after another."""
    blocks = [
        {"id": "start", "type": "start", "name": "start", "config": {}},
        {"id": "work", "type": "transform", "name": "work", "config": {"language": "expression", "code": code}},
        *more,
    ]
    names = [block["id"] for block in blocks]
    edges = [{"source": a, "target": b} for a, b in itertools.pairwise(names)]
    file = folder / "small.flow.json"
    file.write_text(json.dumps({"blocks": blocks, "edges": edges}))
    return str(file)


def test_a_run_prints_its_output_and_exits_0(workbench: Command, tmp_path: Path) -> None:
    file = write_flow(tmp_path, "input.n * 2 + 1")
    done = workbench("run", file, "--input", "n=20")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == 41
    assert "completed" in done.stderr
    again = workbench("run", file, "-i", "n=1")
    assert json.loads(again.stdout) == 3


def test_a_python_file_builds_the_function_that_runs(workbench: Command, tmp_path: Path) -> None:
    (tmp_path / "build.py").write_text(
        "import workbench\n"
        "bench = workbench.connect()\n"
        "double = bench.canvas('Sums').function('double')\n"
        "double.start() >> double.transform('twice', language='expression', code='input.n * 2')\n"
    )
    done = workbench("run", "build.py", "--input", "n=4")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == 8


def test_a_failed_run_says_where_and_exits_1(workbench: Command, tmp_path: Path) -> None:
    done = workbench("run", write_flow(tmp_path, "1 / input.n"), "--input", "n=0")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "work" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_flow_that_is_not_valid_says_what_is_wrong(workbench: Command, tmp_path: Path) -> None:
    done = workbench("run", write_flow(tmp_path, "nowhere.x"))
    assert done.returncode == 1
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_cancels_the_run_and_exits_130(environment: dict[str, str], tmp_path: Path) -> None:
    wait = {"id": "wait", "type": "delay", "name": "wait", "config": {"delayMs": 600_000}}
    command = [sys.executable, "-m", "workbench.cli", "run", write_flow(tmp_path, "1", wait)]
    forced = environment | {"FORCE_COLOR": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=forced, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "waiting" in line:
                process.send_signal(signal.SIGINT)
                break
        rest = process.stderr.read()
        assert process.wait(30) == 130
    assert "Cancelled" in rest


@pytest.mark.parametrize("arguments", [("nowhere.py",), ("x.txt",)])
def test_a_file_that_is_none_exits_1(workbench: Command, arguments: tuple[str, ...]) -> None:
    done = workbench("run", *arguments)
    assert done.returncode == 1
    assert "Error:" in done.stderr
