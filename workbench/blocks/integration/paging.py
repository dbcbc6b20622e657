"""The pages of an HTTP answer: by next link, page number or cursor, within limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from pydantic import Field

from workbench.base.errors import BlockFailed
from workbench.blocks.context import BlockContext, HttpRequest, HttpResponse
from workbench.blocks.kind import BlockConfig
from workbench.blocks.words import kind_of, listed

MOST_ITEMS = 1_000_000


class Paging(BlockConfig):
    type: Literal["nextLink", "page", "cursor"] = Field(title="Kind")
    items_path: str = Field(default="", title="Items", description="Where a page's list stands, as data.items.")
    next_path: str = Field(
        default="",
        title="Next",
        description="nextLink: where the next address stands (left out: the Link header). cursor: where it stands.",
    )
    param: str = Field(default="", title="Parameter", description="page: `page`, cursor: `cursor`, unless named here.")
    first_page: int = Field(default=1, ge=0, title="First page", description="page")
    max_pages: int = Field(default=10, ge=1, le=1000, title="At most so many pages")


@dataclass(slots=True)
class _Next:
    """Where the next page is: another address, or another value of a query parameter."""

    url: str
    query: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pages:
    """All items, and what the calls were."""

    items: list[Any]
    last: HttpResponse
    pages: int
    elapsed_ms: float


async def read_pages(
    paging: Paging, request: HttpRequest, ctx: BlockContext, body_of: Callable[[HttpResponse], Any]
) -> Pages:
    """Call page after page until there is none, or `max_pages`; `body_of` reads an answer or fails.

    Raises BlockFailed: HTTP for a page without its list or a circle, LIMIT for too many items.
    """
    items: list[Any] = []
    elapsed = 0.0
    place: _Next | None = _Next(request.url, dict(request.query))
    if paging.type == "page":
        place.query[paging.param or "page"] = paging.first_page
    seen: set[str] = set()
    pages = 0
    while True:
        pages += 1
        response = await ctx.http(_at(request, place))
        body = body_of(response)
        page = _items(body, paging)
        items += page
        elapsed += response.elapsed_ms
        if len(items) > MOST_ITEMS:
            raise BlockFailed(f"The pages have more than {MOST_ITEMS:,} items.", kind="LIMIT", hint="Ask for less.")
        place = _following(paging, place, response, body, pages if page else None)
        if place is None:
            return Pages(items, response, pages, elapsed)
        if pages == paging.max_pages:
            ctx.log(f"There are more than {pages} pages; the rest was not read (maxPages).", "warning")
            return Pages(items, response, pages, elapsed)
        mark = repr(place)
        if mark in seen:
            raise BlockFailed(
                f"Page {pages + 1} is one that was read before: the paging runs in a circle.", kind="HTTP"
            )
        seen.add(mark)


def _at(request: HttpRequest, place: _Next) -> HttpRequest:
    return HttpRequest(
        method=request.method,
        url=place.url,
        headers=request.headers if _origin(place.url) == _origin(request.url) else _without_secrets(request.headers),
        query=place.query,
        timeout_ms=request.timeout_ms,
        max_bytes=request.max_bytes,
        follow_redirects=request.follow_redirects,
        secret_headers=request.secret_headers,
    )


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


def _without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    """A next link may lead to another origin, which gets the plain headers only."""
    return {
        name: value for name, value in headers.items() if name.lower() in ("accept", "accept-language", "user-agent")
    }


def _items(body: Any, paging: Paging) -> list[Any]:
    found = _at_path(body, paging.items_path)
    if isinstance(found, list):
        return found
    place = f"`{paging.items_path}` of the page" if paging.items_path else "The page"
    names = f"; the page has {listed(body)}" if isinstance(body, dict) else ""
    raise BlockFailed(f"{place} is {kind_of(found)}, not a list{names}.", kind="HTTP", hint="Set paging.itemsPath.")


def _following(paging: Paging, place: _Next, response: HttpResponse, body: Any, pages: int | None) -> _Next | None:
    if paging.type == "page":
        if pages is None:
            return None
        return _Next(place.url, {**place.query, paging.param or "page": paging.first_page + pages})
    if paging.type == "cursor":
        cursor = _at_path(body, paging.next_path)
        return _Next(place.url, {**place.query, paging.param or "cursor": cursor}) if cursor not in (None, "") else None
    link = _at_path(body, paging.next_path) if paging.next_path else _link_header(response.headers.get("link", ""))
    return _Next(urljoin(response.url, link), {}) if isinstance(link, str) and link else None


def _at_path(body: Any, path: str) -> Any:
    for key in _keys(path):
        if isinstance(body, dict):
            body = body.get(key)
        elif isinstance(body, list) and key.isdigit() and int(key) < len(body):
            body = body[int(key)]
        else:
            return None
    return body


def _keys(path: str) -> Iterator[str]:
    return (key for key in path.split(".") if key)


def _link_header(header: str) -> str | None:
    """The target of ``rel="next"`` in a Link header (RFC 8288)."""
    for part in header.split(","):
        target, *parameters = part.split(";")
        if any(p.replace(" ", "").lower() in ('rel="next"', "rel=next") for p in parameters):
            return target.strip().removeprefix("<").removesuffix(">")
    return None
