"""Idempotency: how the answer of a request that carries an `Idempotency-Key` joins the group of its effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from workbench.storage.facts import Fact

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """What the first request with a key was answered."""

    status: int
    body: bytes


class Claim(Protocol):
    """The right to be the first with a key, held while the request is worked on."""

    def record(self, status: int, body: bytes) -> list[Fact]:
        """The facts that make this the first answer, to be put in the group of the effect."""
        ...

    async def finish(self, status: int, body: bytes | None) -> None:
        """Store the final answer, unless `record` has; None stores nothing. Lets twins go on."""
        ...


class Once(Protocol):
    """Keeper of first answers."""

    async def begin(self, workspace_id: str, operation: str, key: str, fingerprint: bytes) -> FirstAnswer | Claim:
        """The first answer for this key, or the claim to give it. Waits for a twin. Raises `Conflict`."""
        ...


@dataclass(slots=True)
class Pending:
    """The request's claim, and how its operation renders data as an answer."""

    claim: Claim
    render: Callable[[Any], tuple[int, bytes]]


PENDING: ContextVar[Pending | None] = ContextVar("pending_idempotency", default=None)


def answer_facts() -> Callable[[Any], Sequence[Fact]]:
    """What turns the data a route is about to answer into facts for the group of its effect.

    Take it on the loop, call it anywhere (in `decide`, too). Without an `Idempotency-Key` it gives no facts.
    """
    pending = PENDING.get()
    if pending is None:
        return lambda _data: ()
    return lambda data: pending.claim.record(*pending.render(data))


async def transact(
    store: Any,
    decide: Callable[[Any], tuple[list[Fact], T]],
    workspace: str | None,
    answer: Callable[[T], Any] = lambda result: result,
    *,
    frees: bool = False,
) -> T:
    """`store.transact` with the request's first answer in the same group.

    `answer` makes the data that the route will pass to `ok` from the decision's result (default: the result itself).
    Should the route answer something else, that is stored after it, in a group of its own. What `frees` space is done
    on a nearly full disk too.
    """
    facts_for = answer_facts()

    def decide_and_answer(cursor: Any) -> tuple[list[Fact], T]:
        facts, result = decide(cursor)
        return [*facts, *facts_for(answer(result))], result

    return await store.transact(decide_and_answer, workspace, frees=frees)
