"""Threads that nobody's end waits for."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError

import pytest

from workbench.base.threads import DaemonThreads

STUCK = """
import threading
from workbench.base.loop import LoopThread
from workbench.base.threads import DaemonThreads
begun = threading.Semaphore(0)
def stuck():
    begun.release()
    threading.Event().wait()
threads = DaemonThreads(2, "t")
threads.submit(stuck)
loop = LoopThread("loop")
loop.start()
loop.loop.call_soon_threadsafe(lambda: loop.loop.run_in_executor(None, stuck))
begun.acquire()
begun.acquire()
loop.stop()
threads.shutdown(wait=True)
print("over", flush=True)
"""


def test_work_is_shared_by_at_most_so_many_threads_and_answers_or_fails() -> None:
    threads = DaemonThreads(2, "t")
    both = threading.Barrier(2)
    assert sorted(threads.map(lambda n: (both.wait(), n)[1], range(4))) == [0, 1, 2, 3]
    with pytest.raises(ZeroDivisionError):
        threads.submit(lambda: 1 / 0).result(5)
    assert len(threads._started) == 2
    threads.shutdown()
    with pytest.raises(RuntimeError, match="no more work"):
        threads.submit(int)
    assert not any(thread.is_alive() for thread in threads._started)


def test_what_waits_is_dropped_and_what_runs_is_not_waited_for_longer_than_said() -> None:
    threads = DaemonThreads(1, "t", patience_s=0.05)
    begun, go = threading.Event(), threading.Event()
    running = threads.submit(lambda: (begun.set(), go.wait()))
    begun.wait()
    waiting = threads.submit(int)
    threads.shutdown(wait=True, cancel_futures=True)
    assert not running.done()
    with pytest.raises(CancelledError):
        waiting.result(5)
    go.set()
    running.result(5)


def test_a_process_ends_though_its_threads_hang() -> None:
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "over\n"
    assert time.monotonic() - began < 30
