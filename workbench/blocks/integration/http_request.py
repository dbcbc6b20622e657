"""`http_request`: one HTTP call, or several over the pages of an answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from workbench.base.errors import BlockFailed
from workbench.blocks.context import BlockContext, HttpRequest, HttpResponse
from workbench.blocks.integration.paging import Paging, read_pages
from workbench.blocks.kind import TEMPLATE, BlockConfig, BlockType, Effect, Fired, Port, when
from workbench.blocks.secret_fields import SECRET, SECRET_BY_NAME, TAKES_SECRETS
from workbench.blocks.words import kind_of, listed, shorten

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Auth(BlockConfig):
    type: Literal["none", "bearer", "basic", "header"] = Field(default="none", title="Kind")
    token: Annotated[str | None, TEMPLATE] = Field(
        default=None, title="Token", json_schema_extra={**when(type="bearer"), **SECRET}
    )
    username: Annotated[str | None, TEMPLATE] = Field(
        default=None, title="User", json_schema_extra={**when(type="basic"), **TAKES_SECRETS}
    )
    password: Annotated[str | None, TEMPLATE] = Field(
        default=None, title="Password", json_schema_extra={**when(type="basic"), **SECRET}
    )
    name: str | None = Field(default=None, title="Header's name", json_schema_extra=when(type="header"))
    value: Annotated[str | None, TEMPLATE] = Field(
        default=None, title="Header's value", json_schema_extra={**when(type="header"), **SECRET}
    )


class HttpRequestConfig(BlockConfig):
    method: Method = Field(default="GET", title="Method")
    url: Annotated[str, TEMPLATE] = Field(min_length=1, title="Address", json_schema_extra=TAKES_SECRETS)
    headers: Annotated[dict[str, str | int | float | bool | None], TEMPLATE] = Field(
        default={}, title="Headers", json_schema_extra=SECRET_BY_NAME
    )
    query: Annotated[dict[str, Any], TEMPLATE] = Field(default={}, title="Query", json_schema_extra=SECRET_BY_NAME)
    body: Annotated[Any, TEMPLATE] = Field(
        default=None,
        title="Body",
        description="Text is sent as it is, all else as JSON.",
        json_schema_extra=TAKES_SECRETS,
    )
    auth: Auth = Field(default=Auth(), title="Authentication")
    expected_status: list[Annotated[int, Field(ge=100, le=599)]] = Field(
        default=[], title="Expected status", description="Left out: 200 to 299. Others fail the block."
    )
    paging: Paging | None = Field(default=None, title="Pages", description="Their items become one list.")
    follow_redirects: bool = Field(default=True, title="Follow redirects")
    timeout_ms: int = Field(default=30_000, ge=100, le=600_000, title="Time limit (ms)", description="Of each call.")
    max_bytes: int = Field(default=50 * 1024 * 1024, ge=1, le=512 * 1024 * 1024, title="Largest answer (bytes)")


class HttpRequestOutput(BlockConfig):
    status: int
    headers: dict[str, str]
    body: Any
    elapsed_ms: float


class HttpRequestBlock(BlockType[HttpRequestConfig]):
    """Answers status, headers, body (JSON is read, text is text, other bytes are base64) and the time it took."""

    type = "http_request"
    title = "HTTP request"
    category = "integration"
    summary = "Calls an HTTP address."
    icon = "globe"
    effect = Effect.EFFECT
    Config = HttpRequestConfig
    Output = HttpRequestOutput
    inputs = (Port("in", needed=False),)
    outputs = (Port("out", "object"),)
    example: ClassVar[dict[str, Any]] = {
        "method": "GET",
        "url": "https://api.example.org/flights",
        "query": {"day": "{{ input.day }}"},
    }

    def effect_of(self, config: Mapping[str, Any]) -> Effect:
        return Effect.IDEMPOTENT if config.get("method", "GET") in ("GET", "HEAD") else Effect.EFFECT

    def describe(self, config: Mapping[str, Any]) -> str:
        url = config.get("url")
        if not isinstance(url, str) or not url:
            return ""
        parts = urlsplit(url) if url.lower().startswith(("http://", "https://")) else None
        place = f"{parts.hostname or ''}{parts.path}" if parts else shorten(url)
        return shorten(f"{config.get('method', 'GET')} {place}")

    def check(self, config: HttpRequestConfig) -> list[tuple[str, str]]:
        needed = {"bearer": ("token",), "basic": ("username", "password"), "header": ("name", "value")}
        issues = [
            (f"auth.{field}", f"is needed for {config.auth.type}")
            for field in needed.get(config.auth.type, ())
            if getattr(config.auth, field) is None
        ]
        if config.body is not None and config.method in ("GET", "HEAD"):
            issues.append(("body", f"cannot be sent with {config.method}"))
        if config.paging is not None and config.method != "GET":
            issues.append(("paging", "goes with GET only"))
        if config.paging is not None and config.paging.type == "cursor" and not config.paging.next_path:
            issues.append(("paging.nextPath", "is needed for cursor"))
        return issues

    async def run(self, config: HttpRequestConfig, ctx: BlockContext) -> Fired:
        request = _request(config)
        if config.paging is not None:
            answer = await read_pages(config.paging, request, ctx, lambda response: _checked(config, response))
            return Fired(
                {**_output(answer.last, answer.items), "elapsedMs": round(answer.elapsed_ms, 3), "pages": answer.pages}
            )
        response = await ctx.http(request)
        return Fired(_output(response, _checked(config, response)))


def _request(config: HttpRequestConfig) -> HttpRequest:
    headers = {name: _header(value) for name, value in config.headers.items() if value is not None}
    body: bytes | None = None
    if isinstance(config.body, str):
        body = config.body.encode()
        _default(headers, "Content-Type", "text/plain; charset=utf-8")
    elif config.body is not None:
        try:
            body = json.dumps(config.body, ensure_ascii=False, allow_nan=False, default=_json).encode()
        except (TypeError, ValueError) as error:
            raise BlockFailed(f"`body` cannot be sent as JSON: {error}.", kind="CONFIG") from None
        _default(headers, "Content-Type", "application/json")
    _authenticate(config.auth, headers)
    return HttpRequest(
        method=config.method,
        url=config.url,
        headers=headers,
        query=config.query,
        body=body,
        timeout_ms=config.timeout_ms,
        max_bytes=config.max_bytes,
        follow_redirects=config.follow_redirects,
        secret_headers=_secret_headers(config.auth),
    )


def _header(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _json(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "to_dicts"):
        return value.to_dicts()
    raise TypeError(f"it holds {kind_of(value)}")


def _default(headers: dict[str, str], name: str, value: str) -> None:
    if name.lower() not in {given.lower() for given in headers}:
        headers[name] = value


def _authenticate(auth: Auth, headers: dict[str, str]) -> None:
    if auth.type == "bearer":
        headers["Authorization"] = f"Bearer {auth.token}"
    elif auth.type == "basic":
        pair = f"{auth.username}:{auth.password}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    elif auth.type == "header" and auth.name and auth.value is not None:
        headers[auth.name] = auth.value


def _secret_headers(auth: Auth) -> frozenset[str]:
    """Names, in lower case, of the headers that `auth` sets: no other origin gets them."""
    if auth.type == "header":
        return frozenset({(auth.name or "").lower()})
    return frozenset({"authorization"} if auth.type != "none" else ())


def _checked(config: HttpRequestConfig, response: HttpResponse) -> Any:
    """The answer's body. Raises BlockFailed of kind HTTP when its status was not expected."""
    body = _body(response)
    expected = config.expected_status
    if response.status in expected or (not expected and 200 <= response.status < 300):
        return body
    wanted = listed(map(str, expected)) if expected else "200 to 299"
    said = shorten(body, 300) if body not in (None, "") else "nothing"
    address = urlsplit(response.url)
    raise BlockFailed(
        f"{config.method} {address.hostname}{address.path} answered {response.status}, expected {wanted}; "
        f"it says {said}.",
        kind="HTTP",
        hint="Wire the error port, or add the status to expectedStatus.",
        data={"status": response.status},
    )


def _body(response: HttpResponse) -> Any:
    if not response.body:
        return None
    content_type, _, parameters = response.headers.get("content-type", "").lower().partition(";")
    kind = content_type.strip()
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return json.loads(response.body)
        except (ValueError, RecursionError) as error:
            raise BlockFailed(f"The answer says it is JSON and is not: {error}.", kind="HTTP") from None
    if kind in ("application/x-ndjson", "application/jsonl"):
        try:
            return [json.loads(line) for line in response.body.splitlines() if line.strip()]
        except (ValueError, RecursionError) as error:
            raise BlockFailed(f"The answer says it is NDJSON and is not: {error}.", kind="HTTP") from None
    charset = parameters.partition("charset=")[2].split(";")[0].strip(" \"'") or "utf-8"
    is_text = kind.startswith("text/") or kind in ("application/xml", "application/x-www-form-urlencoded", "")
    try:
        return (
            response.body.decode(charset, "replace" if kind.startswith("text/") else "strict")
            if is_text
            else _base64(response.body)
        )
    except (UnicodeDecodeError, LookupError):
        return _base64(response.body)


def _base64(body: bytes) -> str:
    return base64.b64encode(body).decode()


def _output(response: HttpResponse, body: Any) -> dict[str, Any]:
    return {
        "status": response.status,
        "headers": dict(response.headers),
        "body": body,
        "elapsedMs": round(response.elapsed_ms, 3),
    }
