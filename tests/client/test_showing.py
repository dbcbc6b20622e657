"""What objects look like: one honest line, HTML without script, colours from Lab."""

from __future__ import annotations

import re

import pytest

from workbench.client.bench import Bench
from workbench.client.errors import error_of
from workbench.client.function import Function
from workbench.client.progress import Progress


def html_of(thing: object) -> str:
    html = thing._repr_html_()  # type: ignore[attr-defined]
    assert "<script" not in html
    assert not re.search(r"\son\w+=", html)
    return html


def test_every_object_is_one_line_of_text(bench: Bench, doubled: Function) -> None:
    run = doubled.run(items=[1]).wait()
    shown = [bench, bench.canvas("Tests"), doubled, doubled["double"], doubled["big"].true, run, doubled.validate()]
    for thing in shown:
        assert "\n" not in repr(thing)
    assert repr(doubled) == f"Function “{doubled.name}” v2 (draft): 7 blocks"
    assert re.fullmatch(rf"Run of “{doubled.name}” v2: completed, \d+ steps in [\d,]+ ms", repr(run))


def test_a_completed_run_shows_status_timeline_and_output(doubled: Function) -> None:
    html = html_of(doubled.run(items=[1, 2, 5]).wait())
    assert "✓ completed" in html
    assert "double ×3" in html
    assert "[2, 4, 10]" in html
    assert "var(--jp-" in html


def test_a_failed_run_shows_the_block_the_message_and_the_next_act(doubled: Function) -> None:
    doubled["double"].configure(code="item / 0")
    html = html_of(doubled.run(items=[1]).wait())
    assert "✕ failed" in html
    assert "<b>double</b>" in html
    assert "Division by zero" in html
    assert "→ Test for 0 first" in html


def test_a_paused_run_shows_where_and_what_it_sees(doubled: Function) -> None:
    doubled["double"].breakpoint()
    run = doubled.debug(items=[41])
    html = html_of(run)
    assert "paused before" in html
    assert "each[0]/double" in html
    assert "41" in html
    run.cancel()


def test_a_function_shows_its_picture(doubled: Function) -> None:
    html = html_of(doubled)
    assert "<svg" in html
    assert "item * 2" in html


def test_names_of_people_are_text_in_html(bench: Bench) -> None:
    function = bench.canvas("<b>Board</b>").function("<i>f</i>")
    function.start("<script>alert(1)</script>") >> function.transform("<u>", code="1")
    run = function.run().wait()
    for thing in (function, run, bench.canvas("<b>Board</b>"), function["<u>"], bench.runs(), bench):
        assert "<i>f" not in html_of(thing)


def test_lists_are_tables_with_a_line_on_how_to_get_more(bench: Bench, doubled: Function) -> None:
    doubled.run(items=[1]).wait()
    assert "limit=…" in html_of(bench.runs(limit=1))
    assert "<table" in html_of(bench.canvases())
    assert "<table" in html_of(bench.canvas("Tests"))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("NOT_FOUND", "NotFound"),
        ("VERSION_CONFLICT", "VersionConflict"),
        ("UNAVAILABLE", "Unavailable"),
        ("RATE_LIMITED", "RateLimited"),
        ("NEW_ONE", "WorkbenchError"),
    ],
)
def test_errors_on_the_wire_become_the_same_errors_here(code: str, kind: str) -> None:
    told = {"code": code, "message": "No.", "hint": "Try again.", "details": [{"field": "a", "issue": "is b"}]}
    error = error_of(told, 418, {"retry-after": "3"})
    assert type(error).__name__ == kind
    assert error.message == "No."
    assert "→ Try again." in str(error)
    assert error._render_traceback_() == [f"{kind}: {error}"]  # type: ignore[attr-defined]


def test_progress_tells_the_loop_that_goes_on() -> None:
    progress = Progress("daily", {"loop_1": "each airport"})
    progress.hear({"status": "running"}, [{"blockId": "loop_1", "completed": 0, "failed": 0, "done": 4, "total": 8}])
    progress.hear(None, [{"blockId": "a", "completed": 1200, "failed": 3}])
    text, part = progress.text()
    assert text.startswith("daily running · each airport 4 / 8 · 1,200 blocks done, 3 failed · ")
    assert part == 0.5
