"""A run in Python: wait for it, take its values, step through it."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import polars as pl

from workbench.base.errors import InvalidInput, InvalidState, NotFound, WorkbenchError
from workbench.client.again import place_of, reuse_sentence
from workbench.client.bringing import bring
from workbench.client.cells import shell
from workbench.client.debug import Attached, DebugState, in_sight, put_into
from workbench.client.errors import RunFailed, short
from workbench.client.faces import BenchFace
from workbench.client.following import ENDED, follow
from workbench.client.naming import find_block
from workbench.client.plain import plain
from workbench.client.progress import Progress
from workbench.client.signals import in_words, send, waiting_path
from workbench.client.values import whole

STOP_SECONDS = 30.0
_INDEX = re.compile(r"\[\d+\]")


class Run:
    """One execution of one version of a function.

    ``run["block name"]`` is the value of the block's last execution, ``run["score", 417]`` that of one iteration.
    """

    def __init__(self, bench: BenchFace, told: Mapping[str, Any]) -> None:
        self._bench = bench
        self._told = dict(told)
        self._again = dict(told)
        """What the retry or fork that it came from was answered."""

    # What it is

    @property
    def id(self) -> str:
        """Its id."""
        return self._told["id"]

    @property
    def told(self) -> dict[str, Any]:
        """The run as the API tells it now."""
        if self._told["status"] not in ENDED or "blockStates" not in self._told:
            self._told = self._bench.api.get(f"/runs/{self.id}")
        return self._told

    @property
    def status(self) -> str:
        """``queued``, ``running``, ``waiting``, ``paused``, ``completed``, ``failed``…"""
        return self._told["status"] if self._told["status"] in ENDED else self.told["status"]

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.status in ENDED

    @property
    def function_name(self) -> str:
        """Its function's name."""
        return self._told["functionName"]

    @property
    def version(self) -> int:
        """The version of the function that it runs."""
        return self._told["version"]

    @property
    def inputs(self) -> dict[str, Any]:
        """What it was started with."""
        return self._told["inputs"]

    @property
    def error(self) -> dict[str, Any] | None:
        """Why it failed: type, message, blockId, path."""
        return self.told["error"]

    @cached_property
    def _flow(self) -> dict[str, Any]:
        function_id = self._told["functionId"]
        return self._bench.api.get(f"/functions/{function_id}", version=self.version)["flow"]

    @property
    def block_names(self) -> dict[str, str]:
        """Names of the blocks of its version, by id."""
        try:
            return {b["id"]: b["name"] for b in self._flow["blocks"]}
        except NotFound:  # the function is deleted, its run not yet forgotten here
            return {}

    # Waiting

    def wait(self, timeout: float | None = None) -> Run:
        """Wait until it is over, or stands still in the debugger; at most `timeout` seconds.

        A run that fails raises nothing here: its status and its picture say so. `result` raises.
        """
        if self._told["status"] in ENDED:
            return self
        progress = Progress(self.function_name, self.block_names)
        self._told = follow(self._bench.api, self.id, timeout, progress.hear)
        progress.end(self._told)
        return self

    def wait_for(self, block: str, times: int = 1, timeout: float | None = None) -> Run:
        """Wait until a block has ended so many times, or the run is over or stands still."""
        block_id = self._block(block)["id"]
        ended = 0

        def hear(_: Any, states: list[dict[str, Any]]) -> None:
            nonlocal ended
            for state in states:
                if state["blockId"] == block_id:
                    ended = max(ended, (state.get("completed") or 0) + (state.get("failed") or 0))

        self._told = follow(self._bench.api, self.id, timeout, hear, lambda: ended >= times)
        return self

    def wait_for_stop(self) -> Run:
        """Wait, quietly, until it stands still or is over."""
        self._told = follow(self._bench.api, self.id, STOP_SECONDS, lambda *_: None)
        return self

    def result(self, timeout: float | None = None) -> Any:
        """Its output, once it is over. Raises RunFailed when it has none, or when time is up."""
        self.wait(timeout)
        if self.status != "completed":
            raise short(self._failure())
        return self.output

    def _failure(self) -> RunFailed:
        error = self.error or {}
        if self.status not in ENDED:
            return RunFailed(f"The run is still {self.status}.", hint="Wait longer, or run.cancel() it.", run=self)
        name = self.block_names.get(error.get("blockId", ""), error.get("blockId"))
        where = f" at “{name}” ({error.get('path')})" if name else ""
        told = error.get("message") or "It has no output."
        return RunFailed(f"The run ended {self.status}{where}: {told}", hint=error.get("hint"), run=self)

    # Values

    @property
    def output(self) -> Any:
        """Its output, tables as polars frames; None while there is none."""
        told = self.told
        return whole(told["output"], self._bench.api, f"/runs/{self.id}/value")

    def __getitem__(self, key: str | tuple[Any, ...]) -> Any:
        name, *indexes = key if isinstance(key, tuple) else (key,)
        block = self._block(name)
        state = next((s for s in self.told["blockStates"] if s["blockId"] == block["id"]), None)
        if state is None:
            raise short(NotFound(f"“{block['name']}” has not run in this run.", hint=self._why_not()))
        if not indexes:
            return self._value(state["lastPath"], state["lastAttempt"], block["name"])
        spots = _INDEX.findall(state["lastPath"])
        if len(indexes) != len(spots):
            inside = (
                f"stands in {len(spots)} scope{'' if len(spots) == 1 else 's'} that repeat" if spots else "runs once"
            )
            raise short(InvalidInput(f"“{block['name']}” {inside}: it takes {len(spots)} numbers, not {len(indexes)}."))
        numbers = iter(indexes)
        return self.at(_INDEX.sub(lambda _: f"[{int(next(numbers))}]", state["lastPath"]))

    def at(self, path: str) -> Any:
        """The value at a path such as ``loop[3]/score``: that of its last attempt."""
        found = list(self._bench.api.pages(f"/runs/{self.id}/checkpoints", path=path))
        if not found:
            raise short(NotFound(f"Nothing ran at {path}.", hint="run.checkpoints() lists every path."))
        return self._of_checkpoint(found[-1])

    def _value(self, path: str, attempt: int, name: str) -> Any:
        for found in self._bench.api.pages(f"/runs/{self.id}/checkpoints", path=path):
            if found["attempt"] == attempt:
                return self._of_checkpoint(found)
        raise short(NotFound(f"“{name}” has no value.", hint=self._why_not()))

    def _of_checkpoint(self, checkpoint: Mapping[str, Any]) -> Any:
        if checkpoint["status"] == "failed":
            error = checkpoint["error"] or {}
            raise short(
                RunFailed(
                    f"“{checkpoint['blockName']}” failed at {checkpoint['path']}: {error.get('message')}",
                    hint=error.get("hint"),
                    run=self,
                )
            )
        if checkpoint["status"] == "skipped":
            raise short(NotFound(f"“{checkpoint['blockName']}” was skipped in this run: no wire to it was live."))
        return whole(checkpoint["output"], self._bench.api, f"/runs/{self.id}/checkpoints/{checkpoint['id']}/value")

    def _block(self, name: str) -> dict[str, Any]:
        return find_block(self._flow, name, f"Version {self.version} of “{self.function_name}”")

    def _why_not(self) -> str:
        return "Wait for it: run.wait()" if self._told["status"] not in ENDED else "run.checkpoints() lists what ran."

    # Study

    def checkpoints(self) -> pl.DataFrame:
        """Every block execution: path, status, times."""
        names = pl.DataFrame({"block_id": list(self.block_names), "block": list(self.block_names.values())})
        table = self._bench.frames.checkpoints(self)
        if names.is_empty():
            return table
        named = table.join(names, on="block_id", how="left", maintain_order="left")
        return named.select("path", "attempt", "block", pl.exclude("path", "attempt", "block", "run_id"))

    def logs(self, level: str | None = None) -> pl.DataFrame:
        """What its blocks wrote to its log."""
        table = self._bench.frames.logs(self)
        return table.filter(pl.col("level") == level) if level else table

    # Acting

    def cancel(self, reason: str | None = None) -> Run:
        """End it. Raises InvalidState when it is over."""
        self._bench.api.post(f"/runs/{self.id}/cancel", {"reason": reason} if reason else {})
        return self.wait()

    def retry(
        self,
        *,
        from_block: str | None = None,
        inputs: Mapping[str, Any] | None = None,
        version: int | None = None,
        effects: str | None = None,
    ) -> Run:
        """Go on from what is done: the same run once more; with anything said, a fork of it. Answers the run to follow.

        `from_block`: it and what follows run anew. `effects` ``"repeat"``: effects whose inputs differ run again.
        Raises InvalidState for a run that is not over, or completed (that can be forked), InvalidInput, NotFound.
        """
        block = self._block(from_block)["id"] if from_block is not None else None
        asked = {"fromBlockId": block, "inputs": plain(inputs) if inputs is not None else None}
        asked |= {"version": version, "effects": effects}
        body = {name: value for name, value in asked.items() if value is not None}
        told = self._bench.api.post(f"/runs/{self.id}/retry", body)
        if told["id"] != self.id:
            return Run(self._bench, told)
        self._told, self._again = dict(told), dict(told)
        return self

    def fork(
        self,
        at: Any,
        *,
        inputs: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
        version: int | None = None,
        debug: bool = False,
    ) -> Run:
        """A new run that shares everything up to `at`: the name of a `checkpoint` block, a path, or a checkpoint.

        Raises NotFound where nothing ran there, InvalidState, InvalidInput.
        """
        asked = {"inputs": plain(inputs) if inputs is not None else None, "version": version}
        asked |= {"variables": plain(variables) if variables is not None else None, "debug": debug or None}
        body = place_of(self._bench.api, self.id, self._flow["blocks"], at)
        body |= {name: value for name, value in asked.items() if value is not None}
        run = Run(self._bench, self._bench.api.post(f"/runs/{self.id}/fork", body))
        return run.wait_for_stop() if debug else run

    @property
    def attempt(self) -> int:
        """Which attempt it is in; each retry makes one more."""
        return self._told["attempt"]

    @property
    def forked_from(self) -> dict[str, Any] | None:
        """The run that it was forked from, and where; None for a run that began at the beginning."""
        return self._told["forkedFrom"]

    @property
    def reuse(self) -> str | None:
        """What the retry or fork that made it said of what was done, in one sentence."""
        return reuse_sentence(self._again)

    @property
    def state(self) -> DebugState:
        """Where it stands in the debugger. Raises InvalidState for a run that is not a debug run."""
        return DebugState(self._bench.api.get(f"/runs/{self.id}/debug"))

    def step(self, mode: str = "over", /, **variables: Any) -> DebugState:
        """Run one block and stand still again; `mode` is ``over``, ``into`` or ``out``. Sets variables first.

        ``back`` looks at the place before; the next step or continue goes on from there, as another run, which this
        object then is.
        """
        return self._go("step", {"mode": mode}, variables)

    def continue_(self, **variables: Any) -> DebugState:
        """Go on to the next breakpoint or the end. Sets variables first."""
        return self._go("continue", {}, variables)

    def _go(self, act: str, body: dict[str, Any], variables: Mapping[str, Any]) -> DebugState:
        asked = {**body, "waitMs": int(STOP_SECONDS * 1000)}
        if variables:
            asked["variables"] = plain(variables)
        state = DebugState(self._bench.api.post(f"/runs/{self.id}/debug/{act}", asked, wait_s=STOP_SECONDS))
        self._told = {**self._told, "status": state.status, "id": state.told["runId"]}
        self._told.pop("blockStates", None)
        return state

    def pause(self) -> DebugState:
        """Let a debug run that works stand still before its next block."""
        return self._go("pause", {}, {})

    def evaluate(self, expression: str) -> Any:
        """The value of an expression where it stands. Raises InvalidInput with what is wrong with it."""
        return self._bench.api.post(f"/runs/{self.id}/debug/evaluate", {"expression": expression})["value"]

    def set(self, **variables: Any) -> DebugState:
        """Set variables for the blocks that start later."""
        body = {"variables": plain(variables)}
        return DebugState(self._bench.api.put(f"/runs/{self.id}/debug/variables", body))

    def attach(self, namespace: dict[str, Any] | None = None) -> Attached:
        """Put what a paused run sees into the notebook's names (or the caller's, or `namespace`).

        Blocks by handle, tables as polars frames; ``item``, ``index`` and what else the scopes give; ``vars``; and
        ``input``, what comes into the block. Names that hold a block, a function or a module are left alone; those
        values are attributes of the answer. Raises InvalidState when the run does not stand still.
        """
        if namespace is None:
            running = shell()
            namespace = running.user_ns if running is not None else sys._getframe(1).f_globals  # noqa: SLF001
        assert namespace is not None
        state = self.state
        if not state.is_paused:
            raise short(
                InvalidState(
                    f"The run is {state.status}, not paused.",
                    hint='run["block name"] has the values of a run that is over; f.debug() starts one that stops.',
                )
            )
        values = in_sight(self._bench.api, self.id, state)
        return Attached(f"{state.when} “{state.block}”", values, put_into(namespace, values))

    def bring(self, checkpoint: str, name: str, *, field: str | None = None) -> str:
        """Put a checkpoint's whole value, or one field of it, under a name of the notebook; answers what was put.

        Raises InvalidInput for a name that cannot be used, InvalidState outside of a notebook, NotFound.
        """
        running = shell()
        if running is None:
            raise short(InvalidState("There is no notebook here to bring a value to.", hint="Use run.at(path)."))
        path = f"/runs/{self.id}/checkpoints/{checkpoint}/value"
        return bring(self._bench.api, path, name, field, running.user_ns)

    def signal(self, event_type: str, payload: Any = None) -> bool:
        """Send it a signal, for a `wait` block: whether one took it at once; if not, the first later one that it fits.

        Raises InvalidState when the run is over.
        """
        return send(self._bench.api, self.id, event_type, plain(payload))

    def approve(self, block: str | None = None, *, comment: str | None = None, by: str | None = None) -> bool:
        """Say yes to what it asks; `block` says to which of several. Whether a block waited for it already."""
        return self._decide("approve", block, comment, by)

    def reject(self, block: str | None = None, *, comment: str | None = None, by: str | None = None) -> bool:
        """Say no to what it asks, likewise."""
        return self._decide("reject", block, comment, by)

    def _decide(self, decision: str, block: str | None, comment: str | None, by: str | None) -> bool:
        payload = {"decision": decision, "comment": comment, "by": by}
        if block is not None:
            payload["path"] = waiting_path(self.waiting, self._block(block))
        return self.signal("approval", {name: value for name, value in payload.items() if value is not None})

    @property
    def waiting(self) -> list[dict[str, Any]]:
        """What it waits for: kind (timer, event, condition, approval), path, block, due time, message."""
        return list(self.told.get("waiting", ()))

    # Showing

    def show(self) -> Any:
        """Its picture; the live canvas of its function shows it too."""
        return self

    def _repr_html_(self) -> str:
        from workbench.client.showing.runs import run_html

        return run_html(self)

    def __repr__(self) -> str:
        try:
            told = self.told
        except WorkbenchError as error:
            return f"Run of “{self.function_name}”: not to be read now ({error.message})"
        text = f"Run of “{told['functionName']}” v{told['version']}: {told['status']}"
        if told["status"] == "paused":
            state = self.state
            return f"{text} {state.when} “{state.block}” at {state.path}"
        if told["error"]:
            error = told["error"]
            name = self.block_names.get(error.get("blockId") or "", error.get("blockId"))
            return f"{text}{f' at “{name}”' if name else ''}: {error['message']}"
        if told.get("waiting") and told["status"] not in ENDED:
            return f"{text} for {in_words(told['waiting'])}"
        if told["status"] in ENDED and told["runMs"] is not None:
            text += f", {told['checkpointCount']:,} steps in {told['runMs']:,.0f} ms"
        return f"{text}. {self.reuse}" if self.reuse else text
