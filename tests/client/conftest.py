"""A workbench in this process, spoken to over loopback as a notebook does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

import workbench
from workbench.client.bench import Bench
from workbench.client.function import Function


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of file blocks, with one table of 1,000 rows."""
    folder = tmp_path_factory.mktemp("root")
    rows = pl.DataFrame({"id": range(1000), "late": [i % 97 for i in range(1000)]})
    rows.with_columns(at=pl.lit("2013-03-08").str.to_date()).write_parquet(folder / "flights.parquet")
    return folder


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Iterator[Bench]:
    with workbench.connect(home=tmp_path_factory.mktemp("home"), root=root) as found:
        yield found


@pytest.fixture
def function(bench: Bench, request: pytest.FixtureRequest) -> Function:
    """A function of the test's own."""
    return bench.canvas("Tests").function(request.node.name)


def doubling(function: Function) -> Function:
    """Doubles each item, then says whether the sum is big."""
    with function.build() as f:
        start = f.start()
        each = f.loop("each", loop_type="forEach", items="{{ start.items }}")
        big = f.condition("big", mode="expression", expression="sum(each.results) > vars.bar")
        start >> f.set_variables("settings", values={"bar": 10}) >> each >> big
        each.body >> f.transform("double", code="item * 2")
        big.true >> f.return_("yes", value="{{ each.results }}")
        big.false >> f.return_("no", value="small")
    return function


@pytest.fixture
def doubled(function: Function) -> Function:
    return doubling(function)
