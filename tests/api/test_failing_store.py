"""When the log cannot be written the API says so, and what was not done is not shown as done."""

from __future__ import annotations

import pytest

from tests.api.test_envelope import error_of
from tests.serving import running
from workbench.base import probe


@pytest.fixture
def fails():
    def hook(name):
        if name == "log.before_sync":
            raise OSError(28, "No space left on device")

    yield lambda: probe.listen(hook)
    probe.listen(None)


def test_writes_answer_503_and_health_turns_red(tmp_path, fails, capsys):
    with running(tmp_path) as bench:
        client = bench.client()
        key = {"Idempotency-Key": "k"}
        assert client.get("/health").status_code == 200
        fails()
        error_of(client.post("/workspaces", json={"name": "lost"}, headers=key), 503, "UNAVAILABLE")
        error_of(client.post("/workspaces", json={"name": "lost"}, headers=key), 503, "UNAVAILABLE")
        error_of(client.post("/api-keys", json={"name": "lost"}), 503, "UNAVAILABLE")
        health = error_of(bench.client("").get("/health"), 503, "UNAVAILABLE")
        assert health["health"]["parts"]["store"]["ok"] is False
        probe.listen(None)
    with running(tmp_path) as bench:
        assert (
            bench.client()
            .post("/workspaces", json={"name": "back"}, headers=key | {"Idempotency-Key": "k2"})
            .is_success
        )
    assert "Traceback" not in capsys.readouterr().err


def test_a_request_that_fails_leaves_no_claim_behind(tmp_path, fails):
    with running(tmp_path) as bench:
        client = bench.client()
        fails()
        for _ in range(3):
            error_of(
                client.post("/workspaces", json={"name": "x"}, headers={"Idempotency-Key": "k"}), 503, "UNAVAILABLE"
            )
        assert bench.workbench.access.idempotency._in_flight == {}
        probe.listen(None)
