"""The canvas needs nothing but its own server, and says so when that is away."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, Route, expect

from tests.browser import flows
from tests.browser.conftest import SIZE
from tests.browser.lab import Lab
from tests.browser.stage import LOAD_MS, Canvas, Stage, canvas_cell

Draw = Callable[..., tuple[Canvas, str]]


def test_with_the_network_cut_the_canvas_works_and_asks_for_nothing(browser: Browser, lab: Lab, name: str) -> None:
    outside: list[str] = []
    context = browser.new_context(viewport=SIZE)

    def cut(route: Route) -> None:
        if route.request.url.startswith((f"{lab.url}/", "data:", "blob:")):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    context.route("**/*", cut)
    stage = Stage(lab, context.new_page())
    stage.page.set_default_timeout(30_000)
    function_id = lab.make_function("without a network", flows.delays())
    stage.open(lab.write_notebook(name, [canvas_cell(function_id)]))
    stage.run_all()
    canvas = stage.canvas()
    canvas.click("alarm")
    canvas.press("Enter")
    expect(canvas.inspector.locator('[data-field="code"] .cm-content')).to_be_visible()
    canvas.press("Escape")
    canvas.focus()
    canvas.press("Control+Enter")
    canvas.expect_run("completed")
    canvas.show_whole()
    canvas.part("wire-chip").first.click()
    expect(canvas.inspector.locator(".wb-value").first).to_be_visible()
    context.close()
    assert not outside, f"asked outside the server: {outside}"


def test_a_killed_server_is_told_retried_and_nothing_typed_is_lost(
    draw: Draw, stage: Stage, lab: Lab, page_errors: list[str]
) -> None:
    canvas, function_id = draw(flows.chain(2))
    expect(canvas.connection).to_have_attribute("data-connection", "live")
    # Lab itself says in a dialog that its server is away; it may come at any time.
    away = stage.page.locator(".jp-Dialog")
    stage.page.add_locator_handler(away, lambda dialog: dialog.locator("button").last.click())
    lab.kill()
    try:
        expect(canvas.connection).to_have_attribute("data-connection", "lost")
        canvas.click("step 0")
        canvas.press("F2")
        stage.page.keyboard.type("typed while away")
        canvas.press("Enter")
        expect(canvas.block("typed while away")).to_be_visible()
        expect(canvas.saving).to_have_attribute("data-saving", "offline")
        expect(canvas.connection).to_contain_text("edits kept")
        stage.shoot("server-away")
    finally:
        lab.start()

    expect(canvas.connection).to_have_attribute("data-connection", "live", timeout=LOAD_MS)
    expect(canvas.saving).to_have_attribute("data-saving", "saved", timeout=LOAD_MS)
    assert lab.call("GET", f"/functions/{function_id}")["flow"]["blocks"][1]["name"] == "typed while away"
    canvas.part("tool-run").click()
    canvas.expect_run("completed")
    canvas.expect_state("typed while away", "done")
    page_errors[:] = [error for error in page_errors if "Failed to fetch" not in error]  # Lab's own calls meanwhile
