"""Real servers that are killed, and what their effects call."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.server_ext.conftest import start_server

__all__ = ["start_server"]


class CountingServer:
    """Counts calls by body and idempotency key; answers the one numbered `hold_at` only once it is released."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self.answered: Counter[str] = Counter()
        self.hold_at = -1
        self.held = threading.Event()
        self.release = threading.Event()
        counting = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet an answer: two would each wait for the other side

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                counting.calls[body, self.headers["Idempotency-Key"]] += 1
                if counting.calls.total() == counting.hold_at:
                    counting.held.set()
                    counting.release.wait(60)
                try:
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body.encode())
                    self.wfile.flush()
                    counting.answered[body] += 1
                except ConnectionError:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def counting() -> Iterator[CountingServer]:
    server = CountingServer()
    yield server
    server.close()
