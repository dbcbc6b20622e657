from __future__ import annotations

import pytest

from tests.serving import MovableClock, running


@pytest.fixture(scope="module")
def clock():
    return MovableClock()


@pytest.fixture(scope="module")
def bench(tmp_path_factory, clock):
    with running(tmp_path_factory.mktemp("home"), clock) as bench:
        yield bench


@pytest.fixture
def client(bench):
    return bench.client()
