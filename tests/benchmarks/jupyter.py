"""How responsive a Jupyter server stays while the engine in it is busy: the latency of its own `/api/status`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import httpx

from tests.benchmarks.flows import chain, loop
from tests.benchmarks.machine import Watch
from tests.benchmarks.results import Beside, Result
from tests.benchmarks.timing import percentile

TOKEN = "benchmark"
SECONDS = 8.0
SUBMITTERS = 4


@contextmanager
def jupyter_server(home: Path) -> Iterator[str]:
    """A real Jupyter server with the extension, on loopback; its address."""
    command = [
        sys.executable, "-m", "jupyter_server", "--port=0", "--no-browser", "--allow-root",
        f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={home}",
    ]  # fmt: skip
    folders = {"HOME": home, "JUPYTER_RUNTIME_DIR": home / "runtime", "WORKBENCH_HOME": home / "store"}
    env = {**os.environ, **{k: str(v) for k, v in folders.items()}}
    process = subprocess.Popen(command, cwd=home, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"(http://127\.0\.0\.1:\d+/)", line):
                threading.Thread(target=process.stdout.read, daemon=True).start()
                yield found.group(1)
                return
        raise RuntimeError("the Jupyter server ended before it said where it is")
    finally:
        process.terminate()
        process.wait(30)


def measure(home: Path) -> dict[str, list[float]]:
    """Milliseconds of each `/api/status` call: idle, and while runs are submitted without a pause."""
    headers = {"Authorization": f"token {TOKEN}"}
    with jupyter_server(home) as address, httpx.Client(base_url=address, headers=headers, timeout=60) as client:
        api = "api/v1/workflow"
        ids = {}
        for name, flow in (("steps", chain(1_000)), ("runs", chain(3)), ("items", loop(1_000))):
            body = {"name": name, "flow": flow.to_wire()}
            ids[name] = client.post(f"{api}/functions", json=body).raise_for_status().json()["data"]["id"]
        found = {"idle": _poll(client, SECONDS / 2)}
        for name, function_id in ids.items():
            stop = threading.Event()
            loads = [
                threading.Thread(target=_load, args=(address, headers, function_id, stop)) for _ in range(SUBMITTERS)
            ]
            for thread in loads:
                thread.start()
            found[name] = _poll(client, SECONDS)
            stop.set()
            for thread in loads:
                thread.join()
        return found


def _poll(client: httpx.Client, seconds: float) -> list[float]:
    end = perf_counter() + seconds
    latencies: list[float] = []
    while perf_counter() < end:
        started = perf_counter()
        client.get("api/status").raise_for_status()
        latencies.append((perf_counter() - started) * 1000)
    return latencies


def _load(address: str, headers: dict[str, str], function_id: str, stop: threading.Event) -> None:
    with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
        while not stop.is_set():
            body = {"functionId": function_id, "inputs": {"x": 1}, "async": False}
            client.post("api/v1/workflow/runs", json=body).raise_for_status()


NAMES = {
    "steps": "runs of 1,000 pure steps, 4 clients",
    "runs": "runs of 3 steps, 4 clients",
    "items": "loops over 1,000 items, 4 clients",
}


def run(home: Path, rounds: int) -> list[Result]:
    """One line for each load, beside the idle server."""
    del rounds
    home = home / "jupyter"
    home.mkdir()
    with Watch() as watch:
        found = measure(home)
    results = []
    for name, what in NAMES.items():
        taken, idle = found[name], found["idle"]
        note = f"p95 {percentile(taken, 0.95):.1f}, idle {percentile(idle, 0.95):.1f}"
        line = f"Jupyter's own /api/status, median, beside {what}"
        results.append(Result("status", line, "ms", taken, [Beside("idle", idle, None)], "less", watch.foreign, note))
    return results
