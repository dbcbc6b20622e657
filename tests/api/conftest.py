from __future__ import annotations

import pytest

from tests.serving import running


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with running(tmp_path_factory.mktemp("home")) as bench:
        yield bench


@pytest.fixture
def client(bench):
    return bench.client()
