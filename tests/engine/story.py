"""A flow with something of everything, and the process that walks it until a probe kills it.

``python -m tests.engine.story HOME PROBE COUNT``: dies with SIGKILL when PROBE is passed for the COUNT-th time.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tests.engine.flows import block, each, flow, times, touch, transform, when
from tests.engine.house import House, MovedClock
from tests.engine.world import World
from workbench.base.probe import listen
from workbench.flow.model import Flow

ITEMS = list(range(8))

STORY: Flow = flow(
    [
        transform("them", "input.xs"),
        block("set_variables", "v", values={"sum": 0}),
        each("l", "{{ them }}"),
        when("even", "item % 2 == 0"),
        touch("t", "{{ item * 10 }}"),
        transform("odd", "-item"),
        transform("m", "input"),
        block("set_variables", "s", values={"sum": "{{ vars.sum + m }}"}),
        times("side", 6, concurrency=3),
        touch("u", "{{ item }}"),
        transform("bad", "u / 0"),
        transform("h", "[error.path, item]"),
        block("again", "g"),
        transform("pure", "[l.results, 'x' * 70000]"),
        touch("w", "{{ vars.sum }}"),
        transform("end", "[l.results, side.results, g.result, vars.sum, len(pure[1])]"),
    ],
    "start > them > v > l > side > pure > g > end",
    "l.body > even",
    "even.true > t > m > s",
    "even.false > odd > m",
    "side.body > u > bad",
    "bad.error > h",
    "g.body > w",
)
FUNCTION = "00000000-0000-0000-0000-0000000003e8"
EFFECTS = len(ITEMS) // 2 + 6 + 1


def open_house(home: Path) -> House:
    """A house over `home` that knows the story and writes each call to the ledger beside it."""
    world = World(ledger=home.with_suffix(".ledger"))
    return House(home, world, MovedClock(), {(FUNCTION, 1): STORY}).start()


def main(home: Path, point: str, count: int) -> None:
    left = count

    def hook(name: str) -> None:
        nonlocal left
        if name == point:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    house = open_house(home)
    house.flows.clear()
    listen(hook)
    row = house.submit(STORY, {"xs": ITEMS})
    sys.stdout.write(row.id + "\n")
    sys.stdout.flush()
    house.finish(row)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
