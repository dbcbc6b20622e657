"""Second attempts, forks and the dead letter over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from starlette.responses import Response

from workbench.rest.answers import ok
from workbench.rest.dependencies import CallerDep, PageDep
from workbench.rest.operation import Operations
from workbench.runs.again import Again
from workbench.runs.dead_letters import DeadLetters
from workbench.runs.models import DeadLetter, Discarded, ForkRun, RetryRun, RunGoesOn

RunId = Annotated[str, Path(alias="runId")]


def again_routes(api: Operations, again: Again, exists: Any) -> None:
    """Retry and fork."""

    @api.post("/runs/{runId}/retry", "retryRun", scope="execute", answers=RunGoesOn, status=202, exists=exists)
    async def retry_run(caller: CallerDep, run_id: RunId, body: RetryRun | None = None) -> Response:
        """Go on from what is done: the same run, attempt + 1; with a body a fork. 409 while it is not over."""
        return ok(await again.retry(caller, run_id, body or RetryRun()))

    @api.post("/runs/{runId}/fork", "forkRun", scope="execute", answers=RunGoesOn, status=202, exists=exists)
    async def fork_run(caller: CallerDep, run_id: RunId, body: ForkRun) -> Response:
        """A new run that shares every checkpoint up to one, or up to a restore point."""
        return ok(await again.fork(caller, run_id, body))


def dead_letter_routes(api: Operations, letters: DeadLetters, again: Again, exists: Any) -> None:
    """The dead letter."""

    @api.get("/dead-letter", "listDeadLetters", answers=list[DeadLetter])
    async def list_dead_letters(caller: CallerDep, page: PageDep) -> Response:
        """Runs that were given up, with their cause, the last first."""
        return ok(await letters.list(caller, page))

    @api.post(
        "/dead-letter/{runId}/retry", "retryDeadLetter", scope="execute", answers=RunGoesOn, status=202, exists=exists
    )
    async def retry_dead_letter(caller: CallerDep, run_id: RunId) -> Response:
        """Another attempt of a run that was given up."""
        await letters.require(caller, run_id)
        return ok(await again.retry(caller, run_id, RetryRun()))

    @api.post("/dead-letter/{runId}/discard", "discardDeadLetter", scope="execute", answers=Discarded, exists=exists)
    async def discard_dead_letter(caller: CallerDep, run_id: RunId) -> Response:
        """Take a run off the list; its history stays."""
        return ok(await letters.discard(caller, run_id))
