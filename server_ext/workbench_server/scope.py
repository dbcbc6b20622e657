"""A Tornado request as the app sees it: an ASGI scope, without what is Jupyter's own secret."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from tornado.httputil import HTTPHeaders, HTTPServerRequest, split_host_and_port


def http_scope(
    request: HTTPServerRequest, root_path: str, identity: dict[str, Any] | None, request_id: str
) -> dict[str, Any]:
    """The scope of `request` below `root_path`.

    ``workbench.identity`` is Jupyter's identity model of who is logged in, or None. Jupyter's cookie never gets to the
    app, nor does its token when that is what let the caller in: a hook may store what it was sent.
    """
    hidden = {"cookie", "x-request-id"}
    query = request.query
    if identity is not None:
        hidden.add("authorization")
        query = "&".join(part for part in query.split("&") if not part.startswith("token="))
    return {
        "type": "http",
        # 2.3: a stream listens for the client's end by itself, so it ends at once and not at its next event
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": request.version.removeprefix("HTTP/"),
        "method": request.method,
        "scheme": request.protocol,
        "path": unquote(request.path),
        "raw_path": request.path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": root_path,
        "headers": [*_headers(request.headers, hidden), (b"x-request-id", request_id.encode())],
        "client": (request.remote_ip or "", 0),
        "server": _server(request.host, request.protocol),
        "extensions": {},
        "workbench.identity": identity,
    }


def _headers(headers: HTTPHeaders, hidden: set[str]) -> list[tuple[bytes, bytes]]:
    return [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in headers.get_all()
        if name.lower() not in hidden
    ]


def _server(host: str, scheme: str) -> tuple[str, int | None]:
    name, port = split_host_and_port(host)
    return name, port or (443 if scheme == "https" else 80)
