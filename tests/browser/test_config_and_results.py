"""Problems with their fixes, config forms, and what runs leave on the canvas."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser import flows
from tests.browser.lab import Lab
from tests.browser.stage import Canvas, Stage

Draw = Callable[..., tuple[Canvas, str]]


def block_of(lab: Lab, function_id: str, block_id: str) -> dict:
    flow = lab.call("GET", f"/functions/{function_id}")["flow"]
    return next(block for block in flow["blocks"] if block["id"] == block_id)


def test_a_problem_has_a_badge_with_its_message_and_a_fix_that_works(draw: Draw, stage: Stage, lab: Lab) -> None:
    flow = flows.chain(2)
    flow["blocks"][2]["config"]["code"] = "stpe_0 + 1"
    canvas, function_id = draw(flow)
    badge = canvas.block("step 1").get_by_test_id("problem-badge")
    expect(badge).to_have_attribute("title", re.compile("stpe_0"))
    expect(canvas.part("problems")).to_have_attribute("data-errors", "1")
    canvas.part("problems").click()
    expect(canvas.part("problems-list")).to_contain_text("step_0")
    stage.shoot_both("problems")
    canvas.part("problems-list").get_by_role("button", name="step_0").last.click()
    expect(badge).to_have_count(0)
    expect(canvas.part("problems")).to_have_attribute("data-errors", "0")
    canvas.expect_saved()
    assert block_of(lab, function_id, "step1")["config"]["code"] == "step_0 + 1"


def test_a_config_form_takes_an_expression_and_the_card_says_it(draw: Draw, stage: Stage, lab: Lab) -> None:
    canvas, function_id = draw(flows.delays())
    canvas.click("severe")
    canvas.press("Enter")
    editor = canvas.inspector.locator('[data-field="expression"] .cm-content')
    editor.click()
    canvas.press("Control+a")
    stage.page.keyboard.type("item.worst >= 200")
    canvas.press("Escape")
    expect(canvas.block("severe")).to_contain_text("item.worst >= 200")
    canvas.expect_saved()
    assert block_of(lab, function_id, "severe")["config"]["expression"] == "item.worst >= 200"
    stage.shoot_both("config-form")


def test_sql_is_written_in_the_code_editor_and_runs(draw: Draw, stage: Stage, lab: Lab) -> None:
    flow = flows.chain(0)
    flow["blocks"] += [
        flows.block("read", "read_table", "flights", (200, 24), path="flights.parquet"),
        flows.block("query", "transform", "query", (480, 24), language="sql", code="SELECT 1 AS one"),
    ]
    flow["edges"] = [flows.wire("start", "read"), flows.wire("read", "query")]
    canvas, _ = draw(flow)
    canvas.click("query")
    canvas.press("Enter")
    canvas.inspector.locator('[data-field="code"] .cm-content').click()
    canvas.press("Control+a")
    stage.page.keyboard.type("SELECT origin, count(*) AS n FROM flights GROUP BY origin ORDER BY origin")
    canvas.expect_saved()
    stage.shoot_both("sql-editor")
    canvas.close_inspector()
    canvas.press("Control+Enter")
    canvas.expect_run("completed")
    canvas.click("query")
    canvas.press("Enter")
    canvas.inspector.get_by_role("tab", name=re.compile("^Out")).click()
    rows = canvas.inspector.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("EWR")
    expect(rows.first).to_contain_text("1000")


def test_a_failed_run_shows_where_and_why(draw: Draw, stage: Stage) -> None:
    canvas, _ = draw(flows.broken_sum())
    canvas.focus()
    canvas.press("Control+Enter")
    canvas.expect_run("failed")
    canvas.expect_state("ratio", "failed")
    expect(canvas.block("ratio").get_by_test_id("block-state")).to_have_text("✕")
    expect(canvas.block("ratio").get_by_test_id("block-result")).to_contain_text(re.compile("zero", re.IGNORECASE))
    canvas.block("ratio").click()
    expect(canvas.inspector.get_by_role("alert")).to_contain_text(re.compile("zero", re.IGNORECASE))
    stage.shoot_both("failed-run")


def test_a_run_can_be_cancelled(draw: Draw, stage: Stage) -> None:
    canvas, _ = draw(flows.long_wait())
    canvas.part("tool-run").click()
    canvas.expect_run("waiting")
    stage.shoot_both("waiting")
    canvas.part("tool-cancel").click()
    canvas.expect_run("cancelled")
    expect(canvas.part("tool-run")).to_be_enabled()


def test_the_pager_of_a_loop_shows_the_values_of_the_chosen_iteration(draw: Draw, stage: Stage) -> None:
    canvas, _ = draw(flows.times_ten(5))
    canvas.focus()
    canvas.press("Control+Enter")
    canvas.expect_run("completed")
    result = canvas.block("ten times").get_by_test_id("block-result")
    pager = canvas.part("pager")
    expect(pager).to_contain_text("/ 5")
    expect(result).to_contain_text("40")
    number = pager.get_by_role("textbox")
    number.fill("3")
    number.press("Enter")
    expect(result).to_contain_text("20")
    pager.get_by_role("button", name="Previous iteration").click()
    expect(result).to_contain_text("10")
    canvas.click("ten times")
    canvas.press("Enter")
    canvas.inspector.get_by_role("tab", name=re.compile("^Out")).click()
    expect(canvas.inspector.locator(".wb-scalar")).to_have_text("10")
    stage.shoot_both("pager")
    pager.get_by_role("button", name="Follow the newest iteration").click()
    expect(result).to_contain_text("40")
