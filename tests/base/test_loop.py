"""A loop in a thread of its own: work goes in, results come out, nothing is left behind."""

from __future__ import annotations

import asyncio
import threading

import pytest

from workbench.base.loop import LoopThread


@pytest.fixture
def loop():
    loop = LoopThread("test")
    loop.start()
    yield loop
    loop.stop()


async def thread_name():
    return threading.current_thread().name


async def fail():
    raise ZeroDivisionError


def test_work_runs_in_that_thread_and_its_result_comes_back(loop):
    assert loop.run(thread_name()) == "test"
    assert not loop.is_current


def test_what_work_raises_is_raised(loop):
    with pytest.raises(ZeroDivisionError):
        loop.run(fail())


def test_waiting_for_its_own_thread_is_refused(loop):
    async def wait():
        loop.run(thread_name())

    with pytest.raises(RuntimeError, match="its own thread"):
        loop.run(wait())


def test_stopping_cancels_what_still_runs():
    loop, ended = LoopThread("test"), threading.Event()

    async def forever():
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    loop.start()
    work = loop.submit(forever())
    loop.run(thread_name())
    loop.stop()
    assert ended.is_set()
    assert work.cancelled()
    loop.stop()


def test_two_loops_live_side_by_side(loop):
    other = LoopThread("other")
    other.start()
    assert (loop.run(thread_name()), other.run(thread_name())) == ("test", "other")
    other.stop()
