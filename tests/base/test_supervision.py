"""A loop that dies is started again; until then health names it."""

from __future__ import annotations

import asyncio

from workbench.base.supervision import Supervisor


def test_a_loop_that_dies_turns_health_red_and_runs_again() -> None:
    async def story() -> None:
        supervisor, begun, died = Supervisor(), asyncio.Queue[int](), asyncio.Event()
        count = 0

        async def work() -> None:
            nonlocal count
            count += 1
            begun.put_nowait(count)
            await died.wait()
            if count == 1:
                raise KeyError("a fault")
            await asyncio.Event().wait()

        supervisor.keep("worker", work)
        assert await begun.get() == 1
        assert supervisor.health()["ok"]
        first = supervisor.loops["worker"].task
        assert first is not None
        died.set()
        await asyncio.wait([first])
        red = supervisor.health()
        assert red["reasons"] == ["The loop “worker” died and is started again: KeyError('a fault')."]
        assert await begun.get() == 2
        assert supervisor.health() == {
            "ok": True,
            "reasons": [],
            "loops": {"worker": {"running": True, "restarts": 1}},
        }
        await supervisor.close()
        task = supervisor.loops["worker"].task
        assert task is not None
        assert task.cancelled()

    asyncio.run(story())


def test_a_part_with_threads_of_its_own_says_why_it_does_not_run() -> None:
    supervisor = Supervisor()
    supervisor.watch("log", lambda: "its thread has ended", lambda: 3)
    assert supervisor.health()["reasons"] == ["“log” does not run: its thread has ended"]
    assert supervisor.health()["loops"]["log"] == {"running": False, "restarts": 3}
