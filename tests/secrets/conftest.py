from __future__ import annotations

import pytest

from tests.acceptance.doors import Doors
from tests.serving import running


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with running(tmp_path_factory.mktemp("home"), http_allow=("127.0.0.1",)) as bench:
        yield bench


@pytest.fixture
def client(bench):
    return bench.client()


@pytest.fixture
def doors(client):
    return Doors(client)
