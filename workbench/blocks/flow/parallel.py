"""`parallel`: runs its branches side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import Field

from workbench.base.errors import BlockFailed
from workbench.blocks.context import BranchEnd, ScopeContext
from workbench.blocks.kind import BlockConfig, Fired, Port, ScopeType
from workbench.blocks.words import listed

MOST_BRANCHES = 64
BranchId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
JoinStrategy = Literal["settled", "all", "any", "race"]


class ParallelBranch(BlockConfig):
    id: BranchId = Field(title="Id", description="Its port is `branch-<id>`.")
    label: str = Field(default="", max_length=200, title="Label")
    enabled: bool = Field(default=True, title="On", description="A branch that is off does not run and has no result.")


class ParallelConfig(BlockConfig):
    join_strategy: JoinStrategy = Field(
        default="settled",
        title="Join",
        description="settled: wait for all, whatever comes of them; all: one failure ends it; any: the first success "
        "ends it; race: whoever ends first, well or badly. What is left over is stopped.",
    )
    branches: list[ParallelBranch] = Field(min_length=1, max_length=MOST_BRANCHES, title="Branches")
    max_concurrency: int | None = Field(
        default=None, ge=1, le=MOST_BRANCHES, title="At once", description="Left out: all of them."
    )
    timeout_ms: int | None = Field(
        default=None, ge=5000, le=300_000, title="Time limit (ms)", description="For each branch by itself."
    )


class BranchResult(BlockConfig):
    branch_id: str
    status: Literal["completed", "failed", "timed_out", "cancelled"]
    data: Any
    duration_ms: float
    error: dict[str, Any] | None = None


class ParallelOutput(BlockConfig):
    results: list[BranchResult]


class Parallel(ScopeType[ParallelConfig]):
    """Variables set in a branch stay there."""

    type = "parallel"
    title = "Parallel"
    category = "flow"
    summary = "Runs several branches at the same time."
    icon = "columns-3"
    Config = ParallelConfig
    Output = ParallelOutput
    outputs = (Port("out", "object"),)
    example: ClassVar[dict[str, Any]] = {"joinStrategy": "settled", "branches": [{"id": "a"}, {"id": "b"}]}

    def ports(self, config: Mapping[str, Any]) -> tuple[Port, ...]:
        found: dict[str, Port] = {}
        branches = config.get("branches")
        for branch in cast("list[Any]", branches) if isinstance(branches, list) else ():
            if isinstance(branch, Mapping):
                raw = cast("Mapping[str, Any]", branch)
                name, label = raw.get("id"), raw.get("label")
                if isinstance(name, str) and name:
                    port = f"branch-{name}"
                    found.setdefault(port, Port(port, label=label if isinstance(label, str) else "", region=True))
        return (*found.values(), *self.outputs)

    def describe(self, config: Mapping[str, Any]) -> str:
        names = [p.label or p.name.removeprefix("branch-") for p in self.ports(config) if p.region]
        strategy = config.get("joinStrategy", "settled")
        return f"{strategy} of {listed(names, 6)}" if names else ""

    def check(self, config: ParallelConfig) -> list[tuple[str, str]]:
        issues: list[tuple[str, str]] = []
        seen: set[str] = set()
        for at, branch in enumerate(config.branches):
            if branch.id in seen:
                issues.append((f"branches[{at}].id", f'"{branch.id}" is another branch\'s id too'))
            seen.add(branch.id)
        if not any(branch.enabled for branch in config.branches):
            issues.append(("branches", "needs at least one branch that is on"))
        return issues

    async def run_scope(self, config: ParallelConfig, ctx: ScopeContext) -> Fired:
        branches = [branch for branch in config.branches if branch.enabled]
        strategy = config.join_strategy
        order: list[BranchEnd] = []

        def is_decided(ends: Sequence[BranchEnd]) -> bool:
            order[:] = ends
            return _is_decided(strategy, ends)

        ends = await ctx.branches(
            [f"branch-{branch.id}" for branch in branches],
            config.max_concurrency or len(branches),
            timeout_ms=config.timeout_ms,
            is_decided=is_decided,
        )
        names = {f"branch-{branch.id}": branch.label or branch.id for branch in branches}
        failure = _failure(strategy, order)
        if failure is not None:
            raise _failed(strategy, failure, names[failure.port])
        return Fired({"results": [_result(end) for end in ends]})


def _is_decided(strategy: JoinStrategy, ends: Sequence[BranchEnd]) -> bool:
    """Whether nothing that is still to come could change how it ends."""
    match strategy:
        case "settled":
            return False
        case "all":
            return ends[-1].status != "completed"
        case "any":
            return ends[-1].status == "completed"
        case "race":
            return True


def _failure(strategy: JoinStrategy, ends: Sequence[BranchEnd]) -> BranchEnd | None:
    """The branch whose failure is the whole block's, of those that ended, in the order in which they did."""
    failed = [end for end in ends if end.status != "completed"]
    match strategy:
        case "settled":
            return None
        case "all":
            return failed[0] if failed else None
        case "any":
            return failed[-1] if failed and len(failed) == len(ends) else None
        case "race":
            return failed[0] if failed and failed[0] is ends[0] else None


def _failed(strategy: JoinStrategy, end: BranchEnd, name: str) -> BlockFailed:
    if strategy == "any":
        text = f"All branches failed, at last “{name}”"
    elif strategy == "race":
        text = f"The first to end was “{name}”, and it failed"
    else:
        text = f"The branch “{name}” failed"
    error = end.error or {}
    return BlockFailed(
        f"{text}: {error.get('message', 'no message')}",
        kind="REGION",
        hint="Join by `settled` to go on whatever comes of the branches.",
        data={"error": error},
    )


def _result(end: BranchEnd) -> dict[str, Any]:
    result: dict[str, Any] = {
        "branchId": end.port.removeprefix("branch-"),
        "status": end.status,
        "data": end.value,
        "durationMs": round(end.duration_us / 1000, 3),
    }
    if end.error is not None:
        result["error"] = end.error
    return result
