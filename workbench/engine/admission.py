"""Who may be started: pauses of the server and of functions, and each function's own limit of runs at once.

A run that may not start is held: it is `pending`, with the reason, and stands in no lane of the queue.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count

from workbench.engine.policies import Concurrency, Policies
from workbench.engine.queue import Entry
from workbench.engine.records import RunRow

SERVER = ""
"""The scope of a pause of everything."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when, by whom and why a scope starts nothing. `holds_all`: nor is what had begun before a restart."""

    at: int
    author: str | None = None
    reason: str | None = None
    holds_all: bool = False


@dataclass(slots=True)
class Verdict:
    """What becomes of a run that is asked for: it may start, or it is held, or (`is_skipped`) it ends at once."""

    reason: str | None = None
    is_skipped: bool = False
    replaced: tuple[str, ...] = ()
    """Runs of the same key that make room for it."""


@dataclass(slots=True)
class _Group:
    """The runs of a function and key that have been let through, in order, and those that wait for that."""

    function_id: str
    key: str
    members: dict[str, RunRow] = field(default_factory=dict)
    held: list[tuple[int, int, Entry]] = field(default_factory=list)

    def waiting(self) -> list[str]:
        """Ids of those that are held, next first."""
        return [entry.row.id for _, _, entry in sorted(self.held, key=lambda item: item[:2])]


GO = Verdict()


class Admission:
    """Lives on the engine's loop. Decides and remembers; what follows (facts, lanes, cancels) is the intake's."""

    def __init__(self, policies: Policies) -> None:
        self.policies = policies
        self.pauses: dict[str, Pause] = {}
        self._paused: dict[str, dict[str, Entry]] = {}
        """By scope: the entries that its pause holds, in the order in which they came."""
        self._groups: dict[tuple[str, str], _Group] = {}
        self._group_of: dict[str, _Group] = {}
        """By run: the group that it is a member of, or is held by."""
        self._order = count()

    def is_open(self, function_id: str) -> bool:
        """Whether a new run of the function may start without more ado."""
        if self.pauses and (SERVER in self.pauses or function_id in self.pauses):
            return False
        policy = self.policies.of(function_id)
        return policy is None or policy.concurrency is None

    def judge(self, row: RunRow, *, is_new: bool = True) -> Verdict:
        """What becomes of a run. Raises InvalidInput where its key has no value.

        One that is not new (it was acknowledged before a restart) is never skipped and replaces none.
        """
        policy = self.policies.of(row.function_id)
        limit = policy.concurrency if policy is not None else None
        verdict = GO
        if limit is not None and row.id not in self._group_of:
            verdict = self._judge_limit(row, limit, is_new=is_new)
        if verdict.is_skipped:
            return verdict
        pause = self._pause_for(row)
        return Verdict(pause[1], replaced=verdict.replaced) if pause is not None else verdict

    def _judge_limit(self, row: RunRow, limit: Concurrency, *, is_new: bool) -> Verdict:
        key = limit.key_of(row.inputs)
        group = self._groups.get((row.function_id, key))
        if group is None or len(group.members) + len(group.held) < limit.limit:
            return GO
        what = f"{len(group.members)} run{'' if len(group.members) == 1 else 's'} of “{row.function_name}”"
        reason = (
            f"{what}{f' with the key {key!r}' if limit.key is not None else ''} under way, the limit is {limit.limit}"
        )
        if limit.policy == "skip" and is_new:
            return Verdict(f"skipped: {reason}", is_skipped=True)
        if limit.policy == "replace" and is_new:
            over = len(group.members) + len(group.held) + 1 - limit.limit
            older = [*group.waiting(), *group.members]
            return Verdict(f"limit: {reason}", replaced=tuple(older[:over]))
        return Verdict(f"limit: {reason}")

    def _pause_for(self, row: RunRow) -> tuple[str, str] | None:
        """The scope whose pause holds this run, and how that is said."""
        for scope, whose in ((SERVER, "the queue"), (row.function_id, f"the queue of “{row.function_name}”")):
            pause = self.pauses.get(scope)
            if pause is not None and (row.started_at is None or pause.holds_all):
                return scope, f"paused: {whose} is paused" + (f" ({pause.reason})" if pause.reason else "")
        return None

    def let_through(self, row: RunRow) -> None:
        """A run goes on to a lane, or was under way before: it counts against its function's limit from here on."""
        policy = self.policies.of(row.function_id)
        group = self._group_of.get(row.id)
        if group is not None:
            if row.id in group.members:  # taken up again, it has a new row
                group.members[row.id] = row
            return
        if policy is not None and policy.concurrency is not None:
            self._join(row, policy.concurrency).members[row.id] = row

    def hold(self, entry: Entry) -> None:
        """Keep a run that `judge` does not let through."""
        row = entry.row
        policy = self.policies.of(row.function_id)
        limit = policy.concurrency if policy is not None else None
        if limit is not None and row.id not in self._group_of:
            group = self._join(row, limit)
            if len(group.members) >= limit.limit:
                heapq.heappush(group.held, (-row.priority, next(self._order), entry))
                return
            group.members[row.id] = row
        pause = self._pause_for(row)
        self._paused.setdefault(pause[0] if pause is not None else SERVER, {})[row.id] = entry

    def _join(self, row: RunRow, limit: Concurrency) -> _Group:
        try:
            key = limit.key_of(row.inputs)
        except Exception:  # noqa: BLE001 - a run from before the setting: it counts among those without a key
            key = ""
        group = self._groups.get((row.function_id, key))
        if group is None:
            group = self._groups[row.function_id, key] = _Group(row.function_id, key)
        self._group_of[row.id] = group
        return group

    def left(self, run_id: str) -> list[Entry]:
        """A run is over, or is not here any more; who may come in its place."""
        for scope in list(self._paused):
            if self._paused[scope].pop(run_id, None) is not None and not self._paused[scope]:
                del self._paused[scope]
        group = self._group_of.pop(run_id, None)
        if group is None:
            return []
        group.members.pop(run_id, None)
        group.held = [item for item in group.held if item[2].row.id != run_id]
        heapq.heapify(group.held)
        return self._fill(group)

    def _fill(self, group: _Group) -> list[Entry]:
        policy = self.policies.of(group.function_id)
        limit = policy.concurrency.limit if policy is not None and policy.concurrency is not None else None
        freed: list[Entry] = []
        while group.held and (limit is None or len(group.members) < limit):
            entry = heapq.heappop(group.held)[2]
            group.members[entry.row.id] = entry.row
            freed.append(entry)
        if not group.members and not group.held:
            self._groups.pop((group.function_id, group.key), None)
        return freed

    def pause(self, scope: str, pause: Pause) -> None:
        """Hold what is not started yet of a scope (a function's id, or `SERVER`)."""
        self.pauses[scope] = pause

    def resume(self, scope: str) -> list[Entry]:
        """End a pause; the entries that it held, to be judged again."""
        self.pauses.pop(scope, None)
        return list(self._paused.pop(scope, {}).values())

    def regroup(self, function_id: str, rows: Iterable[RunRow]) -> list[Entry]:
        """A function's settings have changed: count its runs anew. `rows` are those let through so far.

        Returns the entries that its limit held, to be judged again.
        """
        held: list[Entry] = []
        for name, group in list(self._groups.items()):
            if group.function_id == function_id:
                held += [item[2] for item in sorted(group.held, key=lambda item: item[:2])]
                for run_id in (*group.members, *group.waiting()):
                    self._group_of.pop(run_id, None)
                del self._groups[name]
        for row in rows:
            self.let_through(row)
        return held

    def broken(self, known: frozenset[str]) -> list[str]:
        """What does not hold: runs that are counted, or held, and are not `known` to anybody."""
        lost = [run for run in self._group_of if run not in known]
        lost += [run for held in self._paused.values() for run in held if run not in known]
        return [f"Run {run} is counted by a limit or a pause, but is not here." for run in lost]

    @property
    def held(self) -> int:
        """How many runs are held."""
        return sum(len(g.held) for g in self._groups.values()) + sum(len(h) for h in self._paused.values())
