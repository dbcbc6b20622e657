"""Not running it all again: retries, forks, the dead letter, and what they say of what was reused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.client.api import Api
from workbench.client.faces import BenchFace

FORKED = ("reused", "rerun", "kept")


def reuse_sentence(told: Mapping[str, Any]) -> str | None:
    """What a retry or fork said of what was done, in one sentence; None for a run that was started plainly."""
    counts = told.get("counts")
    if counts is None:
        return None
    parts = [f"{counts['reused']:,} reused", f"{counts['rerun']:,} {'runs' if counts['rerun'] == 1 else 'run'} again"]
    if counts["kept"]:
        parts.append(f"{counts['kept']:,} kept as effects that are done")
    first = told["rerun"][0] if told["rerun"] else None
    why = f"; first “{first['blockName']}”: {str(first['reason']).rstrip('.')}" if first else ""
    return f"Of what had run, {', '.join(parts)}{why}."


def place_of(api: Api, run_id: str, blocks: Sequence[Mapping[str, Any]], at: Any) -> dict[str, str]:
    """Where to fork: `at` is a restore point's name, a path, a checkpoint's id, or a row of ``run.checkpoints()``."""
    if isinstance(at, Mapping):
        if "id" in at:
            return {"checkpointId": at["id"]}
        return {"checkpointId": _checkpoint_at(api, run_id, at["path"], at.get("attempt")) or str(at["path"])}
    names = {b["name"] for b in blocks if b["type"] == "checkpoint"}
    names |= {b["config"].get("checkpointId") for b in blocks if b["type"] == "checkpoint"}
    if at in names:
        return {"restorePoint": at}
    found = _checkpoint_at(api, run_id, at)
    if found is not None:
        return {"checkpointId": found}
    return {"restorePoint": at} if " " in at or not names else {"checkpointId": at}


def _checkpoint_at(api: Api, run_id: str, path: str, attempt: int | None = None) -> str | None:
    found = [p for p in api.pages(f"/runs/{run_id}/checkpoints", path=path) if attempt in (None, p["attempt"])]
    return found[-1]["id"] if found else None


class DeadLetter:
    """A run that was given up: the server ended again and again in one of its blocks."""

    def __init__(self, bench: BenchFace, told: Mapping[str, Any]) -> None:
        self._bench = bench
        self.told = dict(told)

    @property
    def id(self) -> str:
        """The run's id."""
        return self.told["runId"]

    @property
    def cause(self) -> str:
        """Why it was given up."""
        return self.told["cause"]

    def retry(self) -> Any:
        """Another attempt; answers the run."""
        return self._bench.run(self._bench.api.post(f"/dead-letter/{self.id}/retry", {})["id"])

    def discard(self) -> str:
        """Take it off the list; its history stays. Answers what that means."""
        return self._bench.api.post(f"/dead-letter/{self.id}/discard", {})["message"]

    def __repr__(self) -> str:
        told = self.told
        where = f" at “{told['blockName']}” ({told['path']})" if told["blockName"] else ""
        return f"Dead letter: run of “{told['functionName']}” v{told['version']}{where}: {told['cause']}"


def dead_letters(bench: BenchFace) -> list[DeadLetter]:
    """What was given up, as a list that shows itself as a table."""
    from workbench.client.showing.tables import Listed

    columns = {
        "function": lambda d: f"{d.told['functionName']} v{d.told['version']}",
        "block": lambda d: d.told["blockName"] or "",
        "path": lambda d: d.told["path"] or "",
        "cause": lambda d: d.cause,
        "attempt": lambda d: d.told["attempt"],
        "given up": lambda d: d.told["finishedAt"],
    }
    found = [DeadLetter(bench, told) for told in bench.api.pages("/dead-letter")]
    return Listed(found, columns, "bench.dead_letter[0].retry() or .discard()")
