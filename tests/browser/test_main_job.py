"""The main job, as a person does it: the first tutorial, its canvas, a breakpoint in the loop, a value, a green end."""

from __future__ import annotations

import re
import shutil

import nbformat
from playwright.sync_api import Locator, expect

from tests.browser.lab import REPOSITORY, Lab
from tests.browser.stage import LOAD_MS, Canvas, Stage

TUTORIAL = REPOSITORY / "notebooks" / "01_first_function.ipynb"


def code_cells_up_to(line: str) -> int:
    """How many of the tutorial's cells there are up to and with the one that has this line."""
    cells = nbformat.read(TUTORIAL, as_version=4).cells
    return next(i for i, cell in enumerate(cells) if line in cell.source.splitlines()) + 1


def run_cells(stage: Stage, count: int) -> None:
    """Run the first cells with the keyboard, one after another."""
    cells = stage.page.locator(".jp-Notebook .jp-Cell")
    cells.first.click()
    stage.page.keyboard.press("Escape")
    for _ in range(count):
        stage.page.keyboard.press("Shift+Enter")


def tab(canvas: Canvas, title: str) -> Locator:
    return canvas.inspector.get_by_role("tab", name=re.compile(f"^{title}"))


def test_the_tutorial_is_drawn_debugged_looked_into_and_completed_on_its_canvas(  # noqa: PLR0915 - one story
    lab: Lab, stage: Stage
) -> None:
    shutil.copy(TUTORIAL, lab.notebooks)
    stage.open(TUTORIAL.name)
    run_cells(stage, code_cells_up_to("f.show()"))
    canvas = stage.canvas()
    canvas.root.evaluate("root => root.scrollIntoView({ block: 'center' })")
    expect(canvas.part("problems")).to_have_attribute("data-errors", "0")
    stage.shoot_both("1-opened")

    canvas.show_whole()
    wires = canvas.wires.count()
    canvas.board.click(position={"x": 300, "y": 60})
    canvas.press("/")
    canvas.part("quick-add").wait_for()
    stage.page.keyboard.type("transf")
    stage.shoot_both("2-adding")
    canvas.press("Enter")
    expect(canvas.block("transform")).to_be_visible()
    canvas.expect_selected("transform")
    canvas.show_whole()
    canvas.drag_wire("each airport", "transform")
    expect(canvas.wires).to_have_count(wires + 1)
    canvas.click("transform")
    canvas.press("Enter")
    canvas.inspector.locator('[data-field="code"] .cm-content').click()
    stage.page.keyboard.type("len(each_airport.results)")
    canvas.close_inspector()
    canvas.expect_saved()
    expect(canvas.part("problems")).to_have_attribute("data-errors", "0")
    stage.shoot_both("3-connected")

    canvas.look_at("severe")
    canvas.press("F9")
    expect(canvas.block("severe").get_by_test_id("breakpoint")).to_have_attribute("data-kind", "on")
    canvas.show_whole()
    edge = canvas.block("with weather").get_by_test_id("breakpoint")
    edge.click()
    expect(edge).to_have_attribute("data-kind", "on")
    stage.shoot_both("4-breakpoints")

    canvas.part("tool-debug").click()
    canvas.part("run-form-start").click()
    canvas.expect_state("with weather", "paused")
    canvas.press("F5")
    canvas.expect_state("severe", "paused")
    stage.shoot_both("5-paused")
    canvas.press("F10")
    canvas.expect_state("alarm", "paused")
    canvas.expect_state("severe", "done")
    expect(canvas.strip.get_by_role("region", name="Call stack")).to_contain_text("each airport")
    expect(canvas.strip.get_by_role("region", name="Variables")).to_contain_text("item")
    stage.shoot_both("6-stepped")

    canvas.show_whole()
    canvas.root.locator("[data-testid=wire-chip]", has_text=re.compile(r"^3 × 10")).click()
    table = canvas.inspector.get_by_role("table")
    expect(table.get_by_role("columnheader", name=re.compile("worst_delay"))).to_contain_text(
        re.compile("i64|f64|int|float")
    )
    expect(table.locator("tbody tr")).to_have_count(3)
    stage.shoot_both("7-value")

    canvas.close_inspector()
    canvas.show_from_far()
    canvas.block("severe").get_by_test_id("breakpoint").click()
    canvas.press("F5")
    expect(canvas.status).to_have_attribute("data-status", "completed", timeout=LOAD_MS)
    canvas.show_whole()
    for name in ("flights", "each airport", "severe", "report", "transform"):
        canvas.expect_state(name, "done")
        expect(canvas.block(name).get_by_test_id("block-state")).to_have_text("✓")
    expect(canvas.block("transform").get_by_test_id("block-result")).to_contain_text("3")
    expect(canvas.part("pager")).to_contain_text("/ 3")
    expect(canvas.strip).to_have_count(0)
    stage.shoot_both("8-completed")
