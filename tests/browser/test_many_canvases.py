"""Eight canvases in one page share one connection, and Lab stays quick beside them."""

from __future__ import annotations

import time

from playwright.sync_api import Request, expect

from tests.browser import flows
from tests.browser.lab import Lab
from tests.browser.stage import LOAD_MS, Stage, canvas_cell

COUNT = 8
CELL_SECONDS = 10
"""What a cell of plain Python may take on a loaded machine while eight canvases are live; it takes a tenth of that."""


def test_eight_canvases_keep_one_event_connection_and_lab_stays_quick(lab: Lab, stage: Stage, name: str) -> None:
    asked: list[Request] = []
    stage.page.on("request", lambda request: asked.append(request) if "/workflow/events" in request.url else None)
    bundles: list[Request] = []
    stage.page.on("request", lambda request: bundles.append(request) if "/static/canvas-" in request.url else None)
    ids = [lab.make_function(f"eight {i}", flows.chain(3)) for i in range(COUNT)]
    stage.open(lab.write_notebook(name, [*(canvas_cell(i, height=300) for i in ids), "sum(range(10))"]))
    stage.run_all()
    canvases = [stage.canvas(i) for i in range(COUNT)]
    for canvas in canvases:
        expect(canvas.connection).to_have_attribute("data-connection", "live", timeout=LOAD_MS)
    assert len(asked) == 1, [request.url for request in asked]
    assert len(bundles) == 1

    for function_id in ids:
        lab.call("POST", "/runs", {"functionId": function_id})
    for canvas in canvases:
        canvas.expect_run("completed")
    cell = stage.page.locator(".jp-Notebook .jp-CodeCell").last
    cell.scroll_into_view_if_needed()
    cell.locator(".cm-content").click()
    stage.page.keyboard.press("Control+End")
    stage.page.keyboard.type("\n6 * 7")
    started = time.perf_counter()
    stage.page.keyboard.press("Control+Enter")
    expect(cell.locator(".jp-OutputArea-output")).to_contain_text("42")
    took = time.perf_counter() - started
    assert took < CELL_SECONDS, f"a cell took {took:.1f} s beside {COUNT} canvases"
    assert len(asked) == 1, "still one connection after the runs"
    stage.shoot("eight-canvases")
