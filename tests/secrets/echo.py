"""A server that sends back whatever it is sent, in several spellings."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote


class Echo:
    """What it was asked, and where it is."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.asked: list[dict[str, Any]] = []


@contextmanager
def echoing(status: int = 200) -> Iterator[Echo]:
    """Serve; `/binary` answers bytes that are shown as base64, `/to?…` redirects, any else answers JSON."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            echo.asked.append({"path": self.path, "headers": headers, "body": body.decode()})
            if self.path.startswith("/to?"):
                self.send_response(307)
                self.send_header("location", self.path.removeprefix("/to?"))
                self.send_header("content-length", "0")
                self.end_headers()
                return
            sent = f"{headers.get('authorization', '')} {body.decode()}"
            told: dict[str, Any] = {
                "path": self.path,
                "headers": headers,
                "body": body.decode(),
                headers.get("x-key", "k"): 1,
            }
            told |= {
                "quoted": quote(sent),
                "base64": base64.b64encode(b"=" + sent.encode()).decode(),
                "list": [{"in": sent}],
            }
            is_binary = self.path.startswith("/binary")
            out = b"\0\xff" + sent.encode() + b"\xfe" if is_binary else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-type", "application/octet-stream" if is_binary else "application/json")
            self.send_header("x-echo", sent.encode("ascii", "replace").decode().replace("\n", " "))
            self.send_header("content-length", str(len(out)))
            self.end_headers()
            self.wfile.write(out)

        do_GET = do_POST = answer  # noqa: N815 - the handler's own names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    echo = Echo(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield echo
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def spellings(value: str) -> set[bytes]:
    """The value as it might stand in a file: itself, in JSON, quoted, in base64 at each of the three places."""
    raw = value.encode()
    found = {raw, json.dumps(value)[1:-1].encode(), quote(value).encode(), quote(value, safe="").encode()}
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw)
        found.add(coded[4:-4])
    return found
