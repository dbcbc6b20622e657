"""What a durable run shows: its branches and attempts, what it waits for, where it goes on from, what it calls."""

from __future__ import annotations

import re
from collections.abc import Callable

import polars as pl
from playwright.sync_api import expect

from tests.browser import flows
from tests.browser.lab import Lab
from tests.browser.stage import Canvas, Stage

Draw = Callable[..., tuple[Canvas, str]]


def test_branches_are_lanes_and_a_retry_shows_each_attempt(draw: Draw, stage: Stage) -> None:
    canvas, _ = draw(flows.trip())
    canvas.show_whole()
    expect(canvas.part("region")).to_have_count(4)
    lanes = canvas.root.locator("[data-testid=region][data-scope-id=both]")
    boxes = [lanes.nth(i).bounding_box() for i in range(2)]
    assert boxes[0] and boxes[1]
    assert boxes[0]["x"] == boxes[1]["x"]
    assert boxes[0]["width"] == boxes[1]["width"]
    expect(lanes.nth(0)).to_contain_text("prices")
    expect(lanes.nth(1)).to_contain_text("weather")

    canvas.press("Control+Enter")
    canvas.expect_run("completed")
    for name in ("prices", "total", "both sources", "safe", "sorry"):
        canvas.expect_state(name, "done")
    for name in ("try thrice", "flaky", "wrong"):
        canvas.expect_state(name, "failed")
    pager = canvas.root.get_by_role("group", name="Attempt")
    expect(pager).to_contain_text("/ 3")
    stage.shoot_both("parallel")
    pager.get_by_role("button", name="Previous attempt").click()
    expect(pager.get_by_role("textbox")).to_have_value("2")
    expect(canvas.block("flaky").get_by_test_id("block-result")).to_contain_text("Division by zero")


def test_the_inspector_goes_through_the_attempts_of_a_block(draw: Draw, stage: Stage) -> None:
    flow = flows.broken_sum()
    flow["blocks"][2]["policy"] = {"retries": 2, "retryDelayMs": 20}
    canvas, _ = draw(flow)
    canvas.focus()
    canvas.press("Control+Enter")
    canvas.expect_run("failed")
    canvas.click("ratio")
    canvas.press("Enter")
    canvas.inspector.get_by_role("tab", name="Out").click()
    attempts = canvas.part("attempts").get_by_role("radio")
    expect(attempts).to_have_count(3)
    expect(attempts.nth(2)).to_be_checked()
    attempts.nth(2).focus()
    canvas.press("ArrowLeft")
    expect(attempts.nth(1)).to_be_checked()
    expect(canvas.inspector.get_by_role("alert")).to_contain_text("attempt 2")
    stage.shoot_both("attempts")


def test_a_decision_is_taken_on_the_card_by_the_keyboard(draw: Draw, stage: Stage) -> None:
    canvas, _ = draw(flows.approval())
    canvas.focus()
    canvas.press("Control+Enter")
    canvas.expect_state("ask", "waiting")
    asked = canvas.block("ask").get_by_test_id("decision")
    expect(asked).to_contain_text("It says: all quiet")
    expect(asked).to_contain_text(re.compile(r"23 h \d+ min"))
    canvas.click("ask")
    canvas.press("Enter")
    expect(canvas.inspector.get_by_test_id("decision")).to_contain_text("Publish?")
    stage.shoot_both("approval")
    canvas.close_inspector()
    asked.get_by_test_id("decision-comment").fill("go on")
    canvas.press("Tab", "Enter")
    canvas.expect_run("completed")
    expect(canvas.block("send").get_by_test_id("block-result")).to_contain_text("go on")


def test_a_failed_run_goes_on_and_another_is_forked_from_its_restore_point(draw: Draw, stage: Stage, lab: Lab) -> None:
    canvas, _ = draw(flows.late_file("late.parquet"))
    canvas.focus()
    canvas.press("Control+Enter")
    canvas.expect_run("failed")
    canvas.expect_state("file", "failed")
    expect(canvas.part("tool-retry")).to_be_visible()
    stage.shoot_both("failed-before-retry")
    pl.DataFrame({"a": [1, 2, 3]}).write_parquet(lab.notebooks / "late.parquet")
    canvas.press("Control+Shift+Enter")
    canvas.expect_run("completed")
    expect(canvas.part("notice")).to_contain_text("reused")
    expect(canvas.part("attempt")).to_have_text("attempt 2")
    canvas.expect_state("first", "reused")
    expect(canvas.block("count").get_by_test_id("block-result")).to_contain_text("3")
    stage.shoot_both("retried")

    canvas.click("mark")
    canvas.press("m")
    canvas.part("menu-restore").click()
    expect(canvas.part("forked-from")).to_be_visible()
    canvas.expect_run("completed")
    canvas.expect_state("first", "reused")
    canvas.part("forked-from").click()
    expect(canvas.part("attempt")).to_have_text("attempt 2")


def test_a_called_function_is_chosen_looked_into_and_left(draw: Draw, stage: Stage, lab: Lab) -> None:
    called = lab.make_function("price of one", flows.chain(2))
    canvas, function_id = draw(flows.call())
    canvas.click("ask price")
    canvas.press("Enter")
    canvas.inspector.get_by_test_id("function-picker").get_by_role("combobox").select_option("price of one")
    canvas.expect_saved()
    expect(canvas.part("problems")).to_have_attribute("data-errors", "0")
    flow = lab.call("GET", f"/functions/{function_id}")["flow"]
    assert flow["blocks"][1]["config"]["functionId"] == called
    stage.shoot_both("function-picker")
    canvas.close_inspector()
    canvas.press("Control+Enter")
    canvas.expect_run("completed")
    expect(canvas.blocks).to_have_count(2)
    canvas.block("ask price").dblclick()
    expect(canvas.part("trail")).to_contain_text("price of one")
    expect(canvas.blocks).to_have_count(3)
    canvas.expect_state("step 1", "done")
    stage.shoot_both("inside-a-call")
    canvas.focus()
    canvas.press("Escape", "Escape")
    expect(canvas.part("trail")).to_have_count(0)
    canvas.expect_state("ask price", "done")


def test_the_debugger_goes_back_and_on_in_a_new_run(draw: Draw, stage: Stage) -> None:
    canvas, _ = draw(flows.chain(3))
    canvas.focus()
    canvas.press("F5")
    canvas.expect_state("start", "paused")
    first = canvas.status.get_attribute("title")
    for name in ("step 0", "step 1"):
        canvas.press("F10")
        canvas.expect_state(name, "paused")
    canvas.press("Shift+F10")
    expect(canvas.part("past-banner")).to_contain_text("You look at the past")
    canvas.expect_state("step 0", "paused")
    stage.shoot_both("past")
    canvas.press("F10")
    canvas.expect_state("step 1", "paused")
    expect(canvas.part("past-banner")).to_have_count(0)
    assert canvas.status.get_attribute("title") != first, "it goes on in a run of its own"
    canvas.press("F5")
    canvas.expect_run("completed")
