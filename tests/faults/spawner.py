"""Starts children quickly: it has everything imported, and forks. For these tests only; it never has a thread itself.

Reads one case as JSON a line, runs a child to its end, writes ``{"signal": n}`` or ``{"exit": n}``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, TextIO


class Spawner:
    """The side of those who ask; one child at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.spawner"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        self.pid = 0
        """The child that runs now."""

    def run(self, case: dict[str, Any]) -> dict[str, int]:
        """Run a case's next life to its end: which signal ended it, or its exit code."""
        self.start(case)
        return self.wait()

    def start(self, case: dict[str, Any]) -> None:
        """Start a child; `pid` tells which."""
        self._pipe(self._process.stdin).write(json.dumps(case) + "\n")
        self._pipe(self._process.stdin).flush()
        self.pid = json.loads(self._pipe(self._process.stdout).readline())["pid"]

    def wait(self) -> dict[str, int]:
        """Wait for the child that was started."""
        return json.loads(self._pipe(self._process.stdout).readline())

    def close(self) -> None:
        """End it."""
        self._pipe(self._process.stdin).close()
        self._process.wait()
        self._pipe(self._process.stdout).close()

    @staticmethod
    def _pipe(pipe: Any) -> TextIO:
        assert pipe is not None
        return pipe


def serve() -> None:
    """The process that forks."""
    import pyarrow as pa

    from tests.faults import child

    pa.array([0])  # the first one imports pandas where there is one: a second for each child
    assert threading.active_count() == 1
    for line in sys.stdin:
        case = json.loads(line)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                child.main(case)
                code = 0
            except BaseException:  # noqa: BLE001 - told in the case's own folder
                (Path(case["home"]) / "trace").write_text(traceback.format_exc())
            finally:
                os._exit(code)
        _say({"pid": pid})
        _, status = os.waitpid(pid, 0)
        _say({"signal": os.WTERMSIG(status)} if os.WIFSIGNALED(status) else {"exit": os.WEXITSTATUS(status)})


def _say(what: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
