"""What the effects of the fault tests call: an HTTP server that counts by body and idempotency key."""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Server(ThreadingHTTPServer):
    """Those who ask are killed, so connections break."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        pass


class Counting:
    """Routes: ``/echo`` gives the body back, ``/flaky`` fails the first key of a body for good, ``/big`` answers much.

    ``/hold`` calls `on_hold` and never answers. The first part of a path before that is a case: counts are kept apart.
    """

    def __init__(self) -> None:
        self.calls: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        """By case: how often each (body, key) came."""
        self.first_keys: dict[tuple[str, str], str] = {}
        self.on_hold: Callable[[], object] = lambda: None
        self._lock = threading.Lock()
        counting = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet an answer: two would each wait for the other side

            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                sent = self.rfile.read(size)
                if len(sent) < size:  # its sender was killed in the middle: no call that anybody could answer
                    self.close_connection = True
                    return
                body = sent.decode()
                status, said = counting.answer(self.path, body, self.headers["Idempotency-Key"])
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(said)))
                    self.end_headers()
                    self.wfile.write(said.encode())
                    self.wfile.flush()
                except OSError:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str, body: str, key: str) -> tuple[int, str]:
        """Count a call and say what it gets."""
        _, case, route = path.split("/")
        with self._lock:
            self.calls[case][body, key] += 1
            first = self.first_keys.setdefault((case, body), key)
        match route:
            case "flaky" if key == first:
                return 500, '"not yet"'
            case "big":
                return 200, json.dumps({"sent": json.loads(body), "much": "x" * 100_000})
            case "hold":
                self.on_hold()
                return 200, body
            case _:
                return 200, body

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
