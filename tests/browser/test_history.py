"""Editing without fear: undo that survives, the history, versions over each other, snapshots, two viewers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser import flows
from tests.browser.lab import SLOWNESS, Lab
from tests.browser.stage import Canvas, Stage, canvas_cell

Draw = Callable[..., tuple[Canvas, str]]


def change(lab: Lab, function_id: str, *commands: tuple[str, dict[str, Any]]) -> None:
    """Someone else's batch of commands."""
    wire = [{"type": kind, "payload": {"functionId": function_id, **payload}} for kind, payload in commands]
    lab.call("POST", "/commands/batch", {"commands": wire})


def drag(canvas: Canvas, name: str, x: int, y: int) -> None:
    """Move a block, and with it all that are selected."""
    canvas.wait_still()
    box = canvas.block(name).bounding_box()
    assert box
    mouse = canvas.page.mouse
    mouse.move(box["x"] + 60, box["y"] + 12)
    mouse.down()
    mouse.move(box["x"] + 60 + x / 2, box["y"] + 12 + y / 2, steps=4)
    mouse.move(box["x"] + 60 + x, box["y"] + 12 + y, steps=4)
    mouse.up()


def test_a_gesture_is_one_undo_step_with_a_name_and_undo_survives_a_reload(draw: Draw, stage: Stage, lab: Lab) -> None:
    canvas, function_id = draw(flows.chain(3))

    def places() -> list[float]:
        return [b["position"]["y"] for b in lab.call("GET", f"/functions/{function_id}")["flow"]["blocks"]]

    before = places()
    undo, redo = canvas.part("tool-undo"), canvas.part("tool-redo")
    expect(undo).to_be_disabled()
    canvas.focus()
    canvas.press("Control+a")
    drag(canvas, "step 1", 0, 60)
    canvas.expect_saved()
    expect(undo).to_have_attribute("aria-label", "Undo move of 4 blocks")
    assert places() != before

    stage.page.reload()
    stage.wait_for_lab()
    stage.run_all()
    canvas = stage.canvas()
    undo, redo = canvas.part("tool-undo"), canvas.part("tool-redo")
    expect(undo).to_have_attribute("aria-label", "Undo move of 4 blocks")
    canvas.focus()
    canvas.press("Control+z")
    expect(undo).to_be_disabled()
    expect(redo).to_have_attribute("aria-label", "Redo move of 4 blocks")
    assert places() == before
    canvas.expect_focus_inside()
    canvas.press("Control+Shift+z")
    expect(redo).to_be_disabled()
    assert places() != before


def test_the_history_goes_back_to_a_change_and_says_what_stands_in_the_way(draw: Draw, lab: Lab) -> None:
    canvas, function_id = draw(flows.chain(2))
    config = {"language": "expression"}
    change(lab, function_id, ("UPDATE_BLOCK", {"blockId": "step0", "config": {**config, "code": "10"}}))
    change(lab, function_id, ("UPDATE_BLOCK", {"blockId": "step1", "name": "other"}))
    change(lab, function_id, ("UPDATE_BLOCK", {"blockId": "step0", "config": {**config, "code": "[1, 2]"}}))
    expect(canvas.block("other")).to_be_visible()
    canvas.focus()
    canvas.press("h")
    rows = canvas.part("change")
    expect(rows).to_have_count(3)
    rows.nth(2).hover()
    rows.nth(2).get_by_test_id("undo-this").click()
    notice = canvas.part("notice")
    expect(notice).to_contain_text("came after it")
    canvas.expect_selected("step 0")
    notice.get_by_test_id("undo-standing").click()
    expect(notice).to_have_count(0)
    expect(canvas.block("step 0")).to_contain_text("10")

    change(lab, function_id, ("REMOVE_BLOCK", {"blockId": "step1"}))
    expect(canvas.block("other")).to_have_count(0)
    rows.nth(4).hover()
    rows.nth(4).get_by_test_id("undo-to-here").click()
    expect(canvas.block("step 1")).to_be_visible()
    expect(canvas.block("step 0")).to_contain_text("10")


def test_versions_lie_over_each_other_with_signs_and_fields(draw: Draw, stage: Stage, lab: Lab) -> None:
    canvas, function_id = draw(flows.delays())
    code = {"language": "python", "code": "a = 1\nb = 2\nreturn a + b\n"}
    change(lab, function_id, ("REMOVE_BLOCK", {"blockId": "calm"}))
    change(lab, function_id, ("MOVE_BLOCK", {"blockId": "alarm", "position": {"x": 1100, "y": 180}}))
    change(
        lab, function_id, ("UPDATE_BLOCK", {"blockId": "severe", "config": {"mode": "expression", "expression": "2"}})
    )
    change(lab, function_id, ("ADD_BLOCK", {"block": flows.block("sum", "transform", "sum", (1040, 24), **code)}))
    code["code"] = "a = 1\nb = 3\nreturn a + b\n"
    change(lab, function_id, ("UPDATE_BLOCK", {"blockId": "sum", "config": code}))

    canvas.focus()
    canvas.press("h")
    expect(canvas.part("change")).to_have_count(5)
    canvas.part("first-version").get_by_role("button").click()
    expect(canvas.part("comparison")).to_contain_text("v1 → v6")
    marks = {"calm": "removed", "alarm": "moved", "severe": "changed", "sum": "added"}
    for name, mark in marks.items():
        expect(canvas.block(name)).to_have_attribute("data-mark", mark)
        expect(canvas.block(name).get_by_test_id("mark")).to_contain_text(mark)
    expect(canvas.block("flights")).to_have_attribute("data-mark", "same")
    expect(canvas.root.locator('[data-testid=diff-block][data-mark="changed"]')).to_contain_text("item.worst > 120")
    canvas.show_whole()
    stage.shoot_both("diff-overlay")

    canvas.press("Delete", "Escape")
    expect(canvas.part("comparison")).to_have_count(0)
    canvas.part("change").first.get_by_role("button").first.click()
    expect(canvas.part("field-diff")).to_contain_text("b = 3")
    expect(canvas.root.locator(".wbc-line-removed")).to_have_text("−b = 2\n")
    stage.shoot_both("diff-lines")
    canvas.part("restore-5").click()
    expect(canvas.part("comparison")).to_have_count(0)
    expect(canvas.part("change").first).to_contain_text("Restore of version 5")
    canvas.press("Control+z")
    expect(canvas.part("tool-redo")).to_be_enabled()


def test_what_differs_far_away_is_in_sight_when_two_versions_are_compared(draw: Draw, lab: Lab) -> None:
    canvas, function_id = draw(flows.grid(200))
    config = {"language": "expression", "code": "5"}
    change(lab, function_id, ("UPDATE_BLOCK", {"blockId": "b190", "config": config}))
    change(lab, function_id, ("UPDATE_BLOCK", {"blockId": "b20", "config": config}))
    canvas.focus()
    canvas.press("h")
    rows = canvas.part("change")
    expect(rows).to_have_count(2)
    rows.nth(1).get_by_role("button").first.click()
    expect(canvas.block("b 190")).to_be_in_viewport(ratio=1)
    expect(canvas.block("b 190")).to_have_attribute("data-mark", "changed")
    canvas.press("Escape")
    rows.nth(0).get_by_role("button").first.click()
    expect(canvas.block("b 20")).to_be_in_viewport(ratio=1)


def test_snapshots_are_kept_marked_tagged_and_restored(draw: Draw, stage: Stage, lab: Lab) -> None:
    canvas, function_id = draw(flows.chain(2))
    canvas.focus()
    canvas.press("h")
    canvas.root.get_by_role("tab", name="Snapshots").click()
    canvas.part("snapshot-name").fill("before the change")
    canvas.part("snapshot-new-tags").fill("good, nightly")
    canvas.press("Enter")
    row = canvas.part("snapshot")
    expect(row).to_contain_text("before the change")
    expect(row).to_contain_text("nightly")
    row.get_by_test_id("snapshot-favourite").click()
    expect(row.get_by_test_id("snapshot-favourite")).to_have_attribute("aria-pressed", "true")
    row.get_by_test_id("snapshot-tags").click()
    canvas.part("snapshot-tags-field").fill("good")
    canvas.press("Enter")
    expect(row).not_to_contain_text("nightly")

    change(lab, function_id, ("REMOVE_BLOCK", {"blockId": "step1"}))
    expect(canvas.block("step 1")).to_have_count(0)
    stage.shoot_both("snapshots")
    row.get_by_test_id("snapshot-restore").click()
    expect(canvas.block("step 1")).to_be_visible()


WATCH = """name => {
  const names = () => [...document.querySelectorAll(".wbc-card-name")].map((card) => card.textContent);
  globalThis.__seen = new Promise((resolve) => {
    const look = () => names().includes(name) && (watch.disconnect(), resolve(Date.now()));
    const watch = new MutationObserver(look);
    watch.observe(document.body, { subtree: true, childList: true, characterData: true });
    look();
  });
}"""
"""Remembers when a name shows on a card. The pages of one browser share one clock."""


def test_an_edit_is_in_the_other_view_within_a_tenth_of_a_second(
    draw: Draw, stage: Stage, lab: Lab, open_page: Callable[[], Page]
) -> None:
    first, function_id = draw(flows.chain(3))
    other = Stage(lab, open_page())
    other.open(lab.write_notebook("second_viewer", [canvas_cell(function_id)]))
    other.run_all()
    second = other.canvas()
    second.expect_saved()

    took: list[float] = []
    for turn in range(7):
        other.page.evaluate(WATCH, f"name {turn}")
        stage.page.bring_to_front()
        first.focus()
        first.click("step 0" if turn == 0 else f"name {turn - 1}")
        first.press("F2")
        stage.page.keyboard.type(f"name {turn}")
        stage.page.evaluate(
            "() => addEventListener('keydown', () => { globalThis.__at = Date.now(); }, {capture: true, once: true})"
        )
        first.press("Enter")
        seen = other.page.evaluate("() => globalThis.__seen")
        took.append(seen - stage.page.evaluate("() => globalThis.__at"))
    # What else runs on the machine only adds to it: the quicker ones show what the way itself takes.
    assert sorted(took)[1] < 100 * SLOWNESS, took
