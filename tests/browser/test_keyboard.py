"""Everything by the keyboard, and keys that stay where they belong."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser import flows
from tests.browser.stage import Canvas, Stage

Draw = Callable[..., tuple[Canvas, str]]


def test_a_flow_is_built_renamed_and_mended_without_the_mouse(draw: Draw, stage: Stage) -> None:
    canvas, _ = draw({"blocks": [flows.block("start", "start")], "edges": []})
    type_text = stage.page.keyboard.type
    canvas.focus()

    canvas.press("ArrowRight")
    canvas.expect_selected("start")
    canvas.press("/")
    expect(canvas.part("quick-add").get_by_role("combobox")).to_be_focused()
    type_text("transform")
    canvas.press("Enter")
    canvas.expect_selected("transform")
    expect(canvas.wires).to_have_count(1)
    canvas.expect_focus_inside()

    canvas.press("F2")
    expect(canvas.part("block-name-field")).to_be_focused()
    type_text("five")
    canvas.press("Enter")
    canvas.expect_selected("five")
    canvas.expect_focus_inside()

    canvas.press("Enter")
    expect(canvas.inspector).to_be_visible()
    canvas.inspector.locator('[data-field="code"] .cm-content').focus()
    type_text("2 + 3")
    canvas.close_inspector()

    canvas.press("Escape", "/")
    type_text("delay")
    canvas.press("Enter")
    canvas.expect_selected("delay")
    expect(canvas.wires).to_have_count(1)
    canvas.press("ArrowLeft", "ArrowUp")
    stage.page.keyboard.press("Control+f")
    type_text("five")
    canvas.press("Enter")
    canvas.expect_selected("five")
    canvas.press("c")
    canvas.part("connect").wait_for()
    type_text("delay")
    canvas.press("Enter")
    expect(canvas.wires).to_have_count(2)

    canvas.press("Control+f")
    type_text("delay")
    canvas.press("Enter", "Delete")
    expect(canvas.block("delay")).to_have_count(0)
    expect(canvas.wires).to_have_count(1)
    canvas.press("Control+z")
    expect(canvas.block("delay")).to_have_count(1)
    expect(canvas.wires).to_have_count(2)
    canvas.press("Control+Shift+z")
    expect(canvas.block("delay")).to_have_count(0)
    canvas.expect_focus_inside()
    canvas.expect_saved()


def test_blocks_are_copied_pasted_and_duplicated_with_the_wires_between_them(draw: Draw) -> None:
    canvas, _ = draw(flows.chain(2))
    canvas.focus()
    canvas.press("Control+a", "Control+c", "Control+v")
    expect(canvas.blocks).to_have_count(6)
    expect(canvas.wires).to_have_count(4)
    canvas.press("Control+z")
    expect(canvas.blocks).to_have_count(3)
    canvas.click("step 1")
    canvas.press("Control+d")
    expect(canvas.blocks).to_have_count(4)
    canvas.press("Control+x")
    expect(canvas.blocks).to_have_count(3)
    canvas.press("Control+v")
    expect(canvas.blocks).to_have_count(4)
    canvas.expect_saved()


def test_keys_of_the_canvas_and_of_lab_do_not_reach_each_other(draw: Draw, stage: Stage) -> None:
    canvas, _ = draw(flows.chain(2), "'another cell'", "'a third'")
    cells = stage.page.locator(".jp-Notebook .jp-Cell")
    expect(cells).to_have_count(3)
    canvas.click("step 1")
    canvas.press("d", "d", "a", "b", "x", "y", "z", "v", "Shift+M", "o", "1", "Shift+Enter")
    expect(cells).to_have_count(3)
    canvas.press("m")
    expect(canvas.part("block-menu").get_by_role("menuitem").first).to_be_focused()
    canvas.press("Escape")
    expect(canvas.part("block-menu")).to_have_count(0)
    canvas.expect_focus_inside()
    expect(stage.page.locator(".jp-MarkdownCell")).to_have_count(0)
    expect(canvas.blocks).to_have_count(3)
    canvas.expect_focus_inside()

    canvas.press("?")
    expect(canvas.part("keys-help")).to_be_visible()
    canvas.press("Escape")
    expect(canvas.part("keys-help")).to_have_count(0)
    canvas.press("Escape")
    canvas.press("Escape")
    assert not canvas.root.evaluate("root => root.contains(document.activeElement)"), "Escape leaves the canvas"

    cells.nth(2).locator(".jp-InputArea-prompt").click()
    canvas.press("/", "F9", "Delete", "l")
    expect(canvas.part("quick-add")).to_have_count(0)
    expect(canvas.blocks).to_have_count(3)
    expect(canvas.block("step 1").get_by_test_id("breakpoint")).to_have_attribute("data-kind", "none")
    canvas.press("d", "d")
    expect(cells).to_have_count(2)


def test_debugging_needs_no_mouse_and_keeps_the_focus_in_the_canvas(draw: Draw) -> None:
    canvas, _ = draw(flows.chain(3))
    canvas.click("step 1")
    canvas.press("F9")
    canvas.part("tool-debug").click()
    canvas.expect_state("step 1", "paused")
    canvas.expect_focus_inside()
    canvas.press("F10")
    canvas.expect_state("step 2", "paused")
    canvas.expect_focus_inside()
    canvas.press("F5")
    canvas.expect_run("completed")
    canvas.expect_focus_inside()
    canvas.press("Control+Enter")
    canvas.expect_run("completed")
    canvas.expect_focus_inside()
