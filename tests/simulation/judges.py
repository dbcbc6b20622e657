"""What must hold once all is quiet: of every run, of its journal, and of what the world counted."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from tests.simulation.reading import LOST, Entry, Row
from tests.simulation.reference import Told, plain
from tests.simulation.witness import Seen, Witness
from tests.simulation.world import World

MOST_CALLS = 4
"""In one effect and attempt of its run: the first, and one after each of three recoveries; then the dead letter."""
MOST_UNTOLD = MOST_CALLS + 2
"""Where the first starts need not be durable before: of what is safe to repeat."""


def judge_run(witness: Witness, row: Row, seen: Seen, entries: list[Entry], *, had_full_disk: bool) -> bool:
    """One run that is over: its journal and its output; whether the reference interpreter had a word in it."""
    blocks = seen.blocks
    completed: set[str] = set()
    for entry in entries:
        is_effect = entry.type == "http_request" and blocks[entry.block].config.get("method") != "GET"
        if is_effect and entry.path in completed:
            witness.complain(f"run {row.id}: {entry.path} was completed, and then {entry.status} again")
        if entry.status == "completed":
            completed.add(entry.path)
    own = [entry for entry in entries if entry.origin is None]
    begun = Counter(e.path for e in own if e.status == "running" and e.type == "http_request")
    for path, times in begun.items():
        ended = sum(e.path == path and e.status != "running" for e in own)
        if times - ended > MOST_CALLS * row.attempt:
            witness.complain(f"run {row.id}: {path} was begun {times} times, ended {ended} times")
    kind = (row.error or {}).get("type")
    if row.status == "failed" and kind == "FUNCTION_GONE" and seen.is_gone:
        return False
    if row.status not in ("completed", "failed") or seen.was_edited or (kind == "OUTPUT" and had_full_disk):
        return False
    return _compare(witness, row, seen, entries)


def _compare(witness: Witness, row: Row, seen: Seen, entries: list[Entry]) -> bool:
    """The run's end and journal against the reference interpreter's."""
    last = {e.path: e for e in entries if e.status != "running"}
    since = {e.path: e.seq for e in reversed(entries) if e.status == "completed"}
    told = Told(seen.request.flow, last, seen.called, since)
    expected = told.run()
    ends = f"run {row.id} ended {row.status} with {row.output!r} {row.error}"
    for wrong in told.wrong if not told.is_open else ():
        witness.complain(f"run {row.id}: {wrong}")
    if told.is_open or (told.missing and (set(told.failures) - set(told.missing) or told.returns)):
        return False
    if told.missing:
        witness.complain(f"{ends}; it never came to {told.missing}")
    elif not told.returns and not told.failures:
        if (row.status, plain(row.output)) != ("completed", plain(expected)):
            witness.complain(f"{ends}; the reference says {expected!r}")
        _compare_journal(witness, row, told, last, _given_up(entries))
    elif row.status == "failed":
        if (row.error or {}).get("path") not in told.failures:
            witness.complain(f"{ends}; the reference knows the failures {told.failures} and returns {told.returns}")
    elif row.output not in told.returns and (told.returns or plain(row.output) != plain(expected)):
        witness.complain(f"{ends}; the reference knows the failures {told.failures} and returns {told.returns}")
    return True


def _given_up(entries: list[Entry]) -> set[str]:
    """Paths inside scopes that have begun again since, as a failed run was retried: not all of them come again."""
    begun = {e.path: e.seq for e in entries if e.status == "running"}
    return {
        entry.path
        for entry in entries
        if any(begun.get(entry.path[:at], 0) > entry.seq for at, mark in enumerate(entry.path) if mark == "[")
    }


def _compare_journal(witness: Witness, row: Row, told: Told, last: dict[str, Entry], given_up: set[str]) -> None:
    """Nothing was stopped early, so the journal has exactly the blocks that the reference came to."""
    opaque = tuple(told.opaque)
    for path in told.trace.keys() ^ last.keys():
        if not path.startswith(opaque) and not (path in given_up and path in last):
            where = "the reference" if path in told.trace else "the journal"
            witness.complain(f"run {row.id}: {path} is only in {where}")
    for path in told.trace.keys() & last.keys():
        done, entry = told.trace[path], last[path]
        status = "failed" if entry.status == "unknown" else entry.status
        if path.startswith(opaque):
            continue
        if status != done.status or (entry.port or None) != done.port:
            witness.complain(f"run {row.id}: {path} is {entry.status} {entry.port}, not {done.status} {done.port}")
        elif done.status == "completed" and entry.output != LOST and plain(entry.output) != plain(done.value):
            witness.complain(f"run {row.id}: {path} gave {entry.output!r}, not {done.value!r}")


def judge_world(witness: Witness, world: World) -> None:
    """The effect promise, as the server outside saw it."""

    def is_excused(url: str) -> bool:
        """Whether what was not refused may come again with its key in one life: its scope or a person tried again."""
        seen = witness.runs.get(url.rpartition("/")[2])
        if seen is None:
            return False
        repeats = any(block.type in ("retry", "error_handler") for block in seen.blocks.values())
        return repeats or seen.retries > 0

    def is_effect(url: str) -> bool:
        seen = witness.runs.get(url.rpartition("/")[2])
        return seen is None or seen.blocks[url.split("/")[3]].config.get("method") != "GET"

    for key, calls in world.by_key.items():
        seen = witness.runs.get(calls[0].url.rpartition("/")[2])
        is_relaxed = seen is not None and seen.request.durability == "relaxed"
        for before, after in pairwise(calls):
            lost_unheard = is_relaxed and after.life[1] > 0
            has_failed = before.ended == "refused" or (before.ended == "answered" and before.status != 200)
            is_safe = before.ended == "unknown" or not is_effect(after.url)
            is_open = is_safe or (not has_failed and is_excused(after.url))
            if before.life == after.life and not is_open and not lost_unheard:
                witness.complain(f"{after.url} was called twice with {key} in one life, first {before.ended}")
        lives = len({call.life for call in calls})
        attempts = 1 + (seen.retries if seen is not None else 0)
        most = MOST_CALLS if is_effect(calls[0].url) else MOST_UNTOLD
        if lives > most * attempts and not is_relaxed:
            witness.complain(f"{calls[0].url} was called in {lives} lives with {key}")
