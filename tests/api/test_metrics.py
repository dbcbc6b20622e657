"""GET /metrics: Prometheus reads it, with a key, and no id ever becomes a label."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.serving import Bench
from workbench.base.metrics import Histogram, Metric, as_text

LINE = re.compile(r'workbench_[a-z_]+(\{[a-z]+="[^"]*"\})? -?[0-9.e+]+$')


def test_every_figure_has_a_help_a_type_and_a_line_that_prometheus_reads(client: httpx.Client) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    for line in lines:
        assert line.startswith(("# HELP ", "# TYPE ")) or LINE.match(line), line
    named = {line.split()[2] for line in lines if line.startswith("# TYPE ")}
    wanted = {
        "log_sync_seconds",
        "store_bytes",
        "runs",
        "dispatch_seconds",
        "log_syncs_total",
        "apply_lag_facts",
        "loop_restarts_total",
    }
    assert {f"workbench_{name}" for name in wanted} <= named
    syncs = [int(line.split()[1]) for line in lines if line.startswith("workbench_log_sync_seconds_count")]
    assert syncs[0] > 0
    sizes = {line.split()[0]: int(line.split()[1]) for line in lines if line.startswith("workbench_store_bytes")}
    assert set(sizes) == {f'workbench_store_bytes{{part="{p}"}}' for p in ("database", "log", "values", "copies")}
    assert sizes['workbench_store_bytes{part="log"}'] > 0
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", answer.text)


def test_without_a_key_nothing_is_told(bench: Bench) -> None:
    with httpx.Client(base_url=str(bench.client().base_url)) as nobody:
        assert nobody.get("/metrics").status_code == 401


def test_health_names_the_loops(client: httpx.Client) -> None:
    loops = client.get("/health").json()["data"]["parts"]["loops"]
    assert loops["ok"]
    kept = {"access upkeep", "invariant checker", "retention", "store sizes"}
    watched = {"worker processes", "timers", "events", "store copies"}
    assert kept | watched <= set(loops["loops"])
    assert client.get("/health").json()["data"]["parts"]["store"]["sizes"]["log"] > 0


@pytest.mark.parametrize(("seconds", "bucket"), [(0.0005, 0), (0.01, 3), (100.0, 11)])
def test_a_histogram_counts_into_the_first_bucket_that_holds(seconds: float, bucket: int) -> None:
    histogram = Histogram()
    histogram.observe(seconds)
    assert histogram.counts.index(1) == bucket
    text = as_text([Metric("wait_seconds", "Waits.", "histogram", histogram)])
    assert text.endswith("workbench_wait_seconds_count 1\n")
    assert 'workbench_wait_seconds_bucket{le="+Inf"} 1' in text
