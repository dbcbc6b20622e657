"""What a route's parameters may be besides its body: who calls, and which page of a list is wanted."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request

from workbench.rest.caller import KEY_IN_SCOPE, Caller
from workbench.rest.paging import Page


async def caller_of(request: Request) -> Caller:
    """The caller that the auth layer found."""
    return request.scope[KEY_IN_SCOPE]


CallerDep = Annotated[Caller, Depends(caller_of)]
"""A route's parameter type: ``caller: CallerDep``."""


async def _page(
    limit: Annotated[int, Query(ge=1, le=200, description="Rows a page.")] = 50,
    cursor: Annotated[str | None, Query(max_length=2000, description="meta.nextCursor of the page before.")] = None,
) -> Page:
    return Page(limit, cursor)


PageDep = Annotated[Page, Depends(_page)]
"""A list route's parameter type: ``page: PageDep``."""
