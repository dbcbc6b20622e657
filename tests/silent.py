"""What does not want to end: a server on loopback that answers nothing, and code that ignores signals and forks."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

STUBBORN = """
import os, signal, socket
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
told = socket.create_connection(("127.0.0.1", {port}))
os.fork()
told.sendall(f"{{os.getpid()}} ".encode())
while True:
    pass
"""


class Silent:
    """A server that takes every call and answers none; it knows what was said and how many calls are open."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listening.getsockname()[1]
        self._changed = threading.Condition()
        self.said: list[bytes] = []
        self.open = 0
        self.calls = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._hear, args=(connection,), daemon=True).start()

    def _hear(self, connection: socket.socket) -> None:
        self._count(opened=1)
        with connection:
            try:
                while heard := connection.recv(65_536):
                    with self._changed:
                        self.said.append(heard)
                        self.calls += heard.startswith((b"GET", b"POST"))
                        self._changed.notify_all()
            except OSError:
                pass
        self._count(opened=-1)

    def _count(self, opened: int) -> None:
        with self._changed:
            self.open += opened
            self._changed.notify_all()

    def wait(self, calls: int | None = None, pids: int | None = None, is_open: int | None = None) -> None:
        """Wait for so many calls, processes that said their number, or open connections."""

        def fits() -> bool:
            return (
                (calls is None or self.calls >= calls)
                and (pids is None or len(self.pids()) >= pids)
                and (is_open is None or self.open == is_open)
            )

        with self._changed:
            assert self._changed.wait_for(fits, 60), (self.calls, self.open, self.said)

    def pids(self) -> set[int]:
        """The processes that have said their number."""
        told = b"".join(part for part in self.said if not part.startswith((b"GET", b"POST")))
        return {int(pid) for pid in told.split()}

    def close(self) -> None:
        self._listening.close()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
