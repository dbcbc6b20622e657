from __future__ import annotations

import pytest

from tests.api.feature import Counter, routes
from tests.serving import running


@pytest.fixture(scope="module")
def counter():
    return Counter()


@pytest.fixture(scope="module")
def bench(tmp_path_factory, counter):
    with running(tmp_path_factory.mktemp("home"), mount=lambda w: [routes(w, counter)]) as bench:
        yield bench


@pytest.fixture
def client(bench):
    return bench.client()
