"""A narrow cell, and the whole window."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser import flows
from tests.browser.stage import Canvas, Stage

Draw = Callable[..., tuple[Canvas, str]]


def test_at_480_pixels_every_part_can_be_reached(draw: Draw, stage: Stage) -> None:
    stage.page.set_viewport_size({"width": 640, "height": 800})
    canvas, _ = draw(flows.delays())
    stage.page.evaluate(
        "width => document.querySelector('[data-testid=workbench-canvas]').style.width = width", "480px"
    )
    box = canvas.root.bounding_box()
    assert box and box["width"] == 480
    for tool in ("tool-run", "tool-debug", "tool-undo", "tool-fullscreen", "add-block", "problems", "connection"):
        part = canvas.part(tool).bounding_box()
        assert part, tool
        assert part["x"] >= box["x"] and part["x"] + part["width"] <= box["x"] + box["width"] + 1, tool
    canvas.part("tool-debug").click()
    canvas.expect_run("paused")
    stage.shoot_both("narrow-debug")
    canvas.focus()
    canvas.press("F5")
    canvas.expect_run("completed")
    canvas.press("Enter")
    expect(canvas.inspector).to_be_visible()
    panel = canvas.inspector.bounding_box()
    assert panel and panel["width"] <= 480
    stage.shoot_both("narrow-inspector")


def test_the_canvas_fills_the_window_and_comes_back(draw: Draw, stage: Stage) -> None:
    canvas, _ = draw(flows.delays())
    before = canvas.root.bounding_box()
    canvas.part("tool-fullscreen").click()
    expect(canvas.root).to_contain_class("wbc-full")
    size = stage.page.viewport_size
    box = canvas.root.bounding_box()
    assert size and box and (box["width"], box["height"]) == (size["width"], size["height"])
    canvas.expect_focus_inside()
    stage.shoot_both("fullscreen")
    canvas.press("Escape")
    expect(canvas.root).not_to_contain_class("wbc-full")
    assert canvas.root.bounding_box() == before
