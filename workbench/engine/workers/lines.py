"""What a worker prints, as log lines within limits."""

from __future__ import annotations

from collections.abc import Callable

MOST_LINES = 1000
MOST_CHARACTERS = 256 * 1024
LONGEST_LINE = 8 * 1024
MOST_BYTES = 64 * 1024 * 1024
"""A job that prints more than this is stopped."""


class LogLines:
    """Cuts a byte stream into lines for `on_line`, and finds the mark that ends a job."""

    def __init__(self, end: bytes, on_line: Callable[[str], None]) -> None:
        self._end = end
        self._on_line = on_line
        self._rest = b""
        self._lines = 0
        self._characters = 0
        self.total = 0
        self.tail = ""
        self.is_ended = False

    def feed(self, data: bytes) -> None:
        """Take what was printed."""
        self.total += len(data)
        data = self._rest + data
        at = data.find(self._end)
        if at >= 0:
            data, self.is_ended = data[:at], True
        *lines, self._rest = data.split(b"\n")
        if self.is_ended and self._rest:
            lines.append(self._rest)
            self._rest = b""
        if len(self._rest) > LONGEST_LINE + len(self._end):
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._line(line)

    def finish(self) -> None:
        """The stream has ended: what is left is a line."""
        if self._rest:
            self._line(self._rest)
            self._rest = b""

    def _line(self, raw: bytes) -> None:
        self.tail = (self.tail + raw[-2000:].decode("utf-8", "replace") + "\n")[-4000:]
        if self._lines > MOST_LINES:
            return
        self._lines += 1
        text = raw[:LONGEST_LINE].decode("utf-8", "replace").rstrip("\r")
        self._characters += len(text)
        if self._lines > MOST_LINES or self._characters > MOST_CHARACTERS:
            self._lines = MOST_LINES + 1
            self._on_line("… what it printed further is left out")
            return
        self._on_line(text + " …" if len(raw) > LONGEST_LINE else text)
