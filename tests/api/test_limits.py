"""Rate limits: off by default; strict is ten requests a second and a thousand an hour for each key."""

from __future__ import annotations

import pytest

from tests.api.test_envelope import error_of
from tests.serving import MovableClock, running


@pytest.fixture(scope="module")
def clock():
    return MovableClock()


@pytest.fixture(scope="module")
def strict(tmp_path_factory, clock):
    with running(tmp_path_factory.mktemp("home"), clock, rate_preset="strict") as bench:
        yield bench


def test_limits_are_off_by_default(client):
    answers = [client.get("/workspaces") for _ in range(15)]
    assert {a.status_code for a in answers} == {200}
    assert "x-ratelimit-limit" not in answers[0].headers


def test_the_eleventh_request_in_a_second_is_429_and_says_when_to_come_back(strict, clock):
    client = strict.client(strict.make_key("a", "read"))
    answers = [client.get("/workspaces") for _ in range(10)]
    assert [a.headers["x-ratelimit-remaining"] for a in answers] == [str(n) for n in range(9, -1, -1)]
    refused = client.get("/workspaces")
    error_of(refused, 429, "RATE_LIMITED")
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["x-ratelimit-limit"] == "10"
    assert refused.headers["x-ratelimit-remaining"] == "0"
    clock.move(1.01)
    assert client.get("/workspaces").status_code == 200


def test_one_key_does_not_use_up_another_ones(strict):
    first, second = (strict.client(strict.make_key(n, "read")) for n in "bc")
    for _ in range(11):
        first.get("/workspaces")
    assert second.get("/workspaces").status_code == 200


def test_a_thousand_an_hour(strict, clock):
    client = strict.client(strict.make_key("d", "read"))
    for _ in range(1000):
        if client.get("/nope").status_code == 429:
            clock.move(1.01)
            client.get("/nope")
    clock.move(1.01)
    refused = client.get("/nope")
    while refused.status_code != 429:
        clock.move(0.2)
        refused = client.get("/nope")
    assert refused.headers["x-ratelimit-limit"] == "1000"
    assert 3000 < int(refused.headers["retry-after"]) <= 3600


def test_a_kernels_key_has_no_limit(strict):
    client = strict.client(strict.workbench.access.add_kernel_key())
    assert {client.get("/workspaces").status_code for _ in range(30)} == {200}
