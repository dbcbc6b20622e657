"""Starting and killing worker processes: the one place with calls that only some systems have."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

TOKEN = "WORKBENCH_WORKER"  # noqa: S105 - the name of a mark, not a password
MOST_SWEEPS = 5
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC")


def environment(folder: Path, token: str) -> dict[str, str]:
    """What a worker sees of this process's environment: where programs are and the language; no keys, no home."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    private = dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP", "USERPROFILE"), str(folder))
    threads = str(min(4, os.cpu_count() or 1))
    return {**kept, **private, "POLARS_MAX_THREADS": threads, "OMP_NUM_THREADS": threads, TOKEN: token}


def command() -> list[str]:
    """The command that starts a worker whose parent is this process."""
    child = Path(__file__).parent / "child"
    return [sys.executable, "-I", "-X", "utf8", str(child), str(os.getpid())]


def options() -> dict[str, Any]:
    """How it is started: in a session and group of its own, so that all of it can be killed at once."""
    if os.name == "nt":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]
    return {"start_new_session": True}


def kill_group(pid: int) -> None:
    """Kill the worker and its group at once. Bears that any of it is gone."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        return
    import psutil

    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for member in [*process.children(recursive=True), process]:
            with suppress(psutil.Error):
                member.kill()


def kill_marked(token: str) -> None:
    """Kill what carries the worker's mark in its environment: what it started that left its group. Takes some ms.

    Looks again while it finds any: one may start another just before it ends.
    """
    for _ in range(MOST_SWEEPS):
        found = _marked(f"{TOKEN}={token}".encode())
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return


def _marked(mark: bytes) -> list[int]:
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
    return found


def memory_of(pid: int) -> int:
    """Bytes in use by a process, for systems that cannot bound them; 0 when it is gone."""
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def how_it_ended(code: int | None) -> str:
    """An exit code in words."""
    if code is None:
        return "closed its pipe"
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
