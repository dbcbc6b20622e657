"""Five hundred blocks stay fluid.

The bounds are wide: a loaded two-core machine without a graphics card must hold them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.browser import flows
from tests.browser.lab import SLOWNESS
from tests.browser.stage import Canvas, Stage

Draw = Callable[..., tuple[Canvas, str]]

COUNT = 500
FRAME_MS = 120 * SLOWNESS
"""The median time between frames while something moves."""
LONGEST_TASK_MS = 700 * SLOWNESS

WATCH = """() => {
  const told = { frames: [], tasks: [], on: true };
  window.fluid = told;
  new PerformanceObserver((list) => told.tasks.push(...list.getEntries().map((e) => e.duration)))
    .observe({ entryTypes: ["longtask"] });
  let last = performance.now();
  const frame = (now) => { told.frames.push(now - last); last = now; if (told.on) requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
}"""


def move(stage: Stage, start: tuple[float, float], steps: int = 40) -> dict[str, Any]:
    """Drag with the mouse from a point, and answer the frames and long tasks meanwhile."""
    mouse = stage.page.mouse
    stage.page.evaluate(WATCH)
    mouse.move(*start)
    mouse.down()
    for step in range(1, steps + 1):
        mouse.move(start[0] + 6 * step, start[1] + 2 * step)
    mouse.up()
    return stage.page.evaluate("() => { window.fluid.on = false; return window.fluid; }")


def judge(what: str, told: dict[str, Any]) -> None:
    frames = sorted(told["frames"])
    median = frames[len(frames) // 2]
    longest = max(told["tasks"], default=0)
    print(f"{what}: median frame {median:.0f} ms, longest task {longest:.0f} ms, {len(frames)} frames")  # noqa: T201
    assert median < FRAME_MS, f"{what}: a frame takes {median:.0f} ms"
    assert longest < LONGEST_TASK_MS, f"{what}: a task blocks the page for {longest:.0f} ms"


def test_five_hundred_blocks_are_drawn_panned_and_dragged_fluidly(draw: Draw, stage: Stage) -> None:
    canvas, _ = draw(flows.grid(COUNT))
    expect(canvas.block("b 0")).to_be_visible()
    canvas.focus()
    box = canvas.board.bounding_box()
    assert box
    judge("panning", move(stage, (box["x"] + 200, box["y"] + box["height"] - 60)))
    card = canvas.block("b 1").bounding_box()
    assert card
    judge("dragging a block", move(stage, (card["x"] + card["width"] / 2, card["y"] + card["height"] / 2)))
    canvas.expect_saved()
    canvas.show_from_far()
    expect(canvas.blocks).to_have_count(COUNT)
    stage.shoot_both("500-blocks")
    judge("panning the whole", move(stage, (box["x"] + 200, box["y"] + box["height"] - 60), steps=20))
