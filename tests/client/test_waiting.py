"""Runs that wait, from Python: what for, and what is sent to them."""

from __future__ import annotations

import pytest

from workbench.base.errors import InvalidInput, InvalidState
from workbench.client.function import Function


@pytest.fixture
def asked(function: Function) -> Function:
    """Waits for an order to be paid, then asks two people."""
    with function.build() as f:
        start = f.start()
        paid = f.wait("paid", wait_type="event", event_type="order.paid", event_filter="payload.id == start.id")
        one = f.wait("one", wait_type="approval", title="Send it?", message="{{ paid.payload.total }} <euro>")
        two = f.wait("two", wait_type="approval", message="Sure?")
        end = f.transform("end", code="[one.decision, one.comment, two.decision, two.by, paid.payload.total]")
        start >> paid >> [one, two] >> end
    return function


def test_signals_and_decisions_move_a_run_on(asked: Function) -> None:
    run = asked.run(id=7)
    assert not run.signal("order.paid", {"id": 1, "total": 2})
    run.signal("order.paid", {"id": 7, "total": 50})
    run.wait_for("paid", timeout=20)
    while len(run.waiting) < 2:
        run.wait_for("two", timeout=0.2)
    assert [(w["kind"], w["blockName"]) for w in run.waiting] == [("approval", "one"), ("approval", "two")]
    text = repr(run)
    assert text.startswith(
        "Run of “test_signals_and_decisions_move_a_run_on” v2: waiting for Send it? at “one”, until 2"
    )
    assert text.endswith("and 1 more")
    page = run._repr_html_()
    assert "50 &lt;euro&gt;" in page
    assert "run.approve(comment=…) or run.reject(comment=…)" in page
    assert run.reject("two", by="bo")
    assert run.approve(comment="go")
    assert run.result(20) == ["approve", "go", "reject", "bo", 50]
    assert run.waiting == []


def test_what_cannot_be_sent_says_why(asked: Function) -> None:
    run = asked.run(id=7)
    with pytest.raises(InvalidState, match="“one” waits for no decision now"):
        run.approve("one")
    with pytest.raises(InvalidInput):
        run.signal("approval", {"decision": "perhaps"})
    run.cancel()
    with pytest.raises(InvalidState, match="already cancelled"):
        run.signal("order.paid", {"id": 7})
