"""The server's store is the truth: reloads, restarts and second views show the same thing, live."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.browser import flows
from tests.browser.lab import Lab
from tests.browser.stage import Canvas, Stage, canvas_cell

Draw = Callable[..., tuple[Canvas, str]]


def names(canvas: Canvas) -> list[str]:
    return sorted(canvas.root.locator(".wbc-card-name").all_inner_texts())


def test_a_reload_and_a_restarted_kernel_show_the_same_function(draw: Draw, stage: Stage, lab: Lab) -> None:
    canvas, function_id = draw(flows.chain(2))
    canvas.click("step 1")
    canvas.press("F9", "F2")
    stage.page.keyboard.type("renamed")
    canvas.press("Enter")
    canvas.press("Control+Enter")
    canvas.expect_run("completed")
    canvas.expect_state("renamed", "done")
    stage.command("docmanager:save")
    expect(stage.page.locator(".jp-Document .jp-mod-dirty")).to_have_count(0)

    # A restarted kernel forgets its widgets; the canvas in the page does not depend on them.
    stage.command("kernelmenu:restart")
    stage.page.locator(".jp-Dialog .jp-mod-accept").click()
    stage.wait_for_kernel()
    canvas = stage.canvas()
    canvas.expect_state("renamed", "done")
    canvas.click("renamed")
    canvas.press("F2")
    stage.page.keyboard.type("again")
    canvas.press("Enter")
    canvas.expect_saved()

    stage.page.reload()
    stage.wait_for_lab()
    stage.run_all()
    canvas = stage.canvas()
    assert names(canvas) == ["again", "start", "step 0"]
    expect(canvas.block("again").get_by_test_id("breakpoint")).to_have_attribute("data-kind", "on")
    canvas.expect_state("again", "done")
    canvas.expect_run("completed")
    assert [b["name"] for b in lab.call("GET", f"/functions/{function_id}")["flow"]["blocks"]] == [
        "start",
        "step 0",
        "again",
    ]


def test_what_one_view_does_the_other_shows_at_once(
    draw: Draw, stage: Stage, lab: Lab, open_page: Callable[[], Page]
) -> None:
    first, function_id = draw(flows.chain(2))
    other = Stage(lab, open_page())
    other.open(lab.write_notebook("another_view", [canvas_cell(function_id)]))
    other.run_all()
    second = other.canvas()

    first.click("step 0")
    first.press("F2")
    stage.page.keyboard.type("from the first")
    first.press("Enter")
    expect(second.block("from the first")).to_be_visible()
    second.block("step 1").get_by_test_id("breakpoint").click()
    expect(first.block("step 1").get_by_test_id("breakpoint")).to_have_attribute("data-kind", "on")
    second.part("tool-debug").click()
    second.expect_state("step 1", "paused")
    first.expect_state("step 1", "paused")
    first.expect_state("from the first", "done")
    first.focus()
    first.press("F5")
    first.expect_run("completed")
    second.expect_run("completed")
    second.expect_state("step 1", "done")


def test_edits_of_other_blocks_are_merged_and_of_the_same_block_both_are_shown(
    draw: Draw, stage: Stage, lab: Lab
) -> None:
    canvas, function_id = draw(flows.chain(2))

    def meanwhile(index: int, name: str) -> None:
        """Someone else renames a block, while this page's next save waits for us."""
        told = lab.call("GET", f"/functions/{function_id}")
        flow = told["flow"]
        flow["blocks"][index]["name"] = name
        lab.call("PUT", f"/functions/{function_id}", {"flow": flow, "expectedVersion": told["version"]})

    def rename(old: str, new: str, index: int, theirs: str) -> None:
        """Rename here, and let the other's edit reach the server just before ours does."""

        def hold(route: Route) -> None:
            meanwhile(index, theirs)
            route.continue_()

        stage.page.route("**/commands/batch", hold, times=1)
        canvas.click(old)
        canvas.press("F2")
        stage.page.keyboard.type(new)
        canvas.press("Enter")

    rename("step 0", "mine", 2, "theirs")
    expect(canvas.block("mine")).to_be_visible()
    expect(canvas.block("theirs")).to_be_visible()
    canvas.expect_saved()
    assert [b["name"] for b in lab.call("GET", f"/functions/{function_id}")["flow"]["blocks"]] == [
        "start",
        "mine",
        "theirs",
    ]

    rename("mine", "mine again", 1, "theirs again")
    expect(canvas.part("conflict")).to_be_visible()
    expect(canvas.block("mine again")).to_be_visible()
    sides = canvas.part("conflict-side")
    expect(sides.first).to_contain_text("mine again")
    expect(sides.first).to_contain_text("theirs again")
    stage.shoot_both("conflict")
    canvas.part("conflict").get_by_role("button", name="Keep mine").click()
    canvas.expect_saved()
    expect(canvas.block("mine again")).to_be_visible()
    assert lab.call("GET", f"/functions/{function_id}")["flow"]["blocks"][1]["name"] == "mine again"
