"""`workbench run FILE`: save, run, follow with a live view, and tell the outcome by the exit code."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from workbench.cli.source import Source, connecting_to, read_inputs, read_source
from workbench.client.api import Api
from workbench.client.bench import Bench
from workbench.client.connecting import connect
from workbench.client.naming import find_named

EXIT_OK, EXIT_FAILED, EXIT_INTERRUPTED = 0, 1, 130
LOOKS_PER_SECOND = 8
ENDED = {"completed", "failed", "cancelled", "timed_out", "dead_letter"}
SIGNS = {
    "queued": ("…", "dim"),
    "running": ("▶", "cyan"),
    "waiting": ("⏳", "yellow"),
    "paused": ("⏸", "yellow"),
    "completed": ("✓", "green"),
    "failed": ("✗", "red"),
    "skipped": ("↷", "dim"),
    "cancelled": ("⊘", "magenta"),
    "unknown": ("?", "red"),
}


def run_file(file: Path, pairs: Sequence[str], name: str | None = None, home: Path | None = None) -> int:
    """Run what `file` builds; the exit code. Raises WorkbenchError when it cannot start."""
    inputs = read_inputs(pairs)
    with connect(home=home) as bench:
        api = bench.api
        with connecting_to(api.address):
            source = read_source(file, name)
        function = _saved(bench, source)
        run = api.post("/runs", {"functionId": function["id"], "inputs": inputs})
        try:
            run = follow(api, run["id"], {block["id"]: block["name"] for block in function["flow"]["blocks"]})
        except KeyboardInterrupt:
            api.post(f"/runs/{run['id']}/cancel", {"reason": "Ctrl+C at the terminal"})
            Console(stderr=True).print("Cancelled.")
            return EXIT_INTERRUPTED
    return report(run)


def follow(api: Api, run_id: str, names: Mapping[str, str]) -> dict[str, Any]:
    """Show the run until it ends; the run as it ended."""
    pause = threading.Event()
    with Live(console=Console(stderr=True), refresh_per_second=LOOKS_PER_SECOND, transient=False) as live:
        while True:
            run = api.get(f"/runs/{run_id}")
            live.update(picture(run, names))
            if run["status"] in ENDED:
                return run
            pause.wait(1 / LOOKS_PER_SECOND)


def picture(run: Mapping[str, Any], names: Mapping[str, str]) -> Group:
    """The run as a terminal shows it: one line a block."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for state in run.get("blockStates", ()):
        sign, style = SIGNS.get(state["status"], ("?", ""))
        count = _count(state)
        took = f"{state['runMs']:,.0f} ms" if state.get("runMs") is not None else ""
        name = names.get(state["blockId"], state["blockId"])
        table.add_row(Text(sign, style), Text(name), Text(state["status"], style), Text(count), Text(took, "dim"))
    sign, style = SIGNS.get(run["status"], ("•", "bold"))
    head = Text(f"{sign} {run['functionName']} v{run['version']}: {run['status']}", f"bold {style}")
    return Group(head, table)


def _count(state: Mapping[str, Any]) -> str:
    if state.get("total"):
        return f"{state.get('done') or 0:,}/{state['total']:,}"
    times = state["completed"] + state["failed"]
    return f"×{times:,}" if times > 1 else ""


def report(run: Mapping[str, Any]) -> int:
    """Print the output to standard output, or the error to standard error; the exit code."""
    if run["status"] == "completed":
        Console(highlight=False, soft_wrap=True).print(
            json.dumps(run["output"], indent=2, ensure_ascii=False), markup=False
        )
        return EXIT_OK
    error = run.get("error") or {}
    told = error.get("message") or f"The run ended {run['status']}."
    where = f" (at {error['path']})" if error.get("path") else ""
    Console(stderr=True, soft_wrap=True).print(Text(f"{told}{where}", "red"))
    return EXIT_FAILED


def _saved(bench: Bench, source: Source) -> dict[str, Any]:
    """The function with its flow; a flow from a file gets a function of its name, or a new version of it."""
    api = bench.api
    if source.bundle is not None:
        made = bench.import_(source.bundle, on_conflict="update")
        return api.get(f"/functions/{next(f for f in made.functions if f.name == source.name).id}")
    if source.function_id is not None:
        return api.get(f"/functions/{source.function_id}")
    found = next(find_named(api, "/functions", source.name), None)
    if found is not None:
        return api.put(f"/functions/{found['id']}", {"flow": source.flow})
    made = api.post("/functions", {"name": source.name, "flow": source.flow})
    return api.get(f"/functions/{made['id']}")
