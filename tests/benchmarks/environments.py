"""The peers' own environments under ``.venv-peers/NAME``, with the versions that stand in ``peers/NAME.txt``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".venv-peers"
PEERS = Path(__file__).parent / "peers"


def ensure(name: str) -> Path | None:
    """The Python of a peer's environment, which is made where it is missing; None where it cannot be had."""
    wanted = (PEERS / f"{name}.txt").read_text()
    home = FOLDER / name
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    ready = home / "ready"
    if ready.exists() and ready.read_text() == wanted and python.exists():
        return python
    print(f"Installing {name} into {home.relative_to(ROOT)} …", flush=True)
    shutil.rmtree(home, ignore_errors=True)
    failure = _make(home, python, PEERS / f"{name}.txt")
    if failure is not None:
        print(f"{name} cannot be installed and is left out: {failure}", flush=True)
        return None
    ready.write_text(wanted)
    return python


def _make(home: Path, python: Path, wanted: Path) -> str | None:
    """Make it with uv, else with pip; the last lines of what they say where neither can."""
    ways = [
        [
            [sys.executable, "-m", "uv", "venv", "--quiet", "--python", sys.executable, str(home)],
            [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python), "-r", str(wanted)],
        ],
        [
            [sys.executable, "-m", "venv", "--clear", str(home)],
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(wanted)],
        ],
    ]
    failure = ""
    for way in ways:
        for command in way:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                failure = " ".join(done.stderr.strip().splitlines()[-2:])
                break
        else:
            return None
    return failure or "no reason given"
