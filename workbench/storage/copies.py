"""Verified copies of the DuckDB file: the last two are kept, and the log behind the older one is dropped.

A copy is made when the log has outgrown the database since the last one, so that copying costs a constant factor.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from workbench.base.logs import get_logger
from workbench.base.probe import probe
from workbench.storage.copying import FILE, NOTE, digest
from workbench.storage.running import ENDED, Runner

LONGEST_S = 1800.0
"""A copying process that takes longer is stopped: while one runs, nobody may CHECKPOINT."""
KEPT = 2
LEAST_BYTES = 32 * 1024 * 1024
"""A log that has grown by less is not worth a copy."""
_logger = get_logger("workbench.storage")


class Copy(msgspec.Struct, frozen=True, rename="camel"):
    """What a copy's note says. `seq` is the last fact in it; `made_at` is in microseconds since 1970."""

    seq: int
    bytes: int
    rows: dict[str, int]
    blake2b: str
    made_at: int
    folder: Path = Path()

    @property
    def file(self) -> Path:
        """The DuckDB file."""
        return self.folder / FILE

    def is_whole(self) -> bool:
        """Whether the file is the one that was verified, byte for byte."""
        try:
            return self.file.stat().st_size == self.bytes and digest(self.file) == self.blake2b
        except OSError:
            return False


def list_copies(home: Path) -> list[Copy]:
    """The copies of a home, oldest first; what has no readable note is none."""
    found: list[Copy] = []
    folder = home / "copies"
    for note in folder.glob(f"*/{NOTE}") if folder.is_dir() else ():
        if note.parent.suffix == ".new":
            continue
        try:
            copy = msgspec.json.decode(note.read_bytes(), type=Copy)
        except (OSError, msgspec.MsgspecError) as error:
            _logger.warning("copy.unreadable", folder=note.parent.name, error=str(error))
            continue
        found.append(msgspec.structs.replace(copy, folder=note.parent))
    return sorted(found, key=lambda copy: copy.seq)


class Copies:
    """Makes copies of one home's database and drops what they make needless."""

    def __init__(
        self, home: Path, runner: Runner, drop_log: Callable[[int], int], has_room: Callable[[int], bool]
    ) -> None:
        self._home = home
        self._runner = runner
        self._drop_log = drop_log
        self._has_room = has_room
        self.kept = list_copies(home)
        self.idle = threading.Event()
        """Cleared while a copy is made."""
        self.idle.set()
        self.made = 0
        self.failure: str | None = None
        """Why the last copy could not be made; None when it could."""
        self._child: subprocess.Popen[str] | None = None
        self._is_stopping = False
        self.on_dropped: Callable[[int], object] = lambda _seq: None
        """Called with the oldest kept copy's sequence after older ones are gone; from the copying thread."""

    @property
    def floor(self) -> int:
        """The last sequence that the log need not hold: all behind it stands in two verified copies."""
        return self.kept[0].seq if self.kept else 0

    @property
    def is_running(self) -> bool:
        """Whether a copy is being made: then nobody may CHECKPOINT."""
        return not self.idle.is_set()

    def is_due(self, log_bytes: int) -> bool:
        """Whether the log has grown enough since the last copy."""
        size = self._database().stat().st_size if self._database().exists() else 0
        return not self.is_running and log_bytes >= max(size, LEAST_BYTES) and self._has_room(size)

    def start(self, seq: int, done: Callable[[str | None], None] = lambda _error: None, *, keep: int = KEPT) -> None:
        """Copy the database as the CHECKPOINT at `seq` left it; `done` hears what went wrong, or None."""
        self.idle.clear()

        def step() -> float:
            error = self._make(seq, keep)
            self.failure = error
            self.idle.set()
            done(error)
            return ENDED

        self._runner.start("workbench-copy", step)

    def stop(self) -> None:
        """Give up a copy that is being made."""
        self._is_stopping = True
        child = self._child
        if child is not None:
            child.kill()
        self.idle.wait()

    def _make(self, seq: int, keep: int) -> str | None:
        target = self._home / "copies" / f"{seq:012d}"
        command = [sys.executable, "-m", "workbench.storage.copying", str(self._database()), str(target), str(seq)]
        try:
            probe("copies.before_copy")
            self._child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own module
            if self._is_stopping:
                self._child.kill()
            told = self._child.communicate(timeout=LONGEST_S)[1].strip()
            code = self._child.returncode
            if self._is_stopping:
                return None
            if code != 0:
                _logger.error("copy.failed", seq=seq, error=told[-2000:])
                return told.splitlines()[-1] if told else f"the copying process ended with {code}"
            probe("copies.after_copy")
            self.made += 1
            self._drop_older(keep)
        except subprocess.TimeoutExpired:
            _logger.error("copy.failed", seq=seq, error="the copying process hangs")
            return f"the copying process took longer than {LONGEST_S:g} s and was stopped"
        except Exception as error:  # noqa: BLE001 - a copy that fails must not end the store
            _logger.error("copy.failed", seq=seq, error=repr(error))
            return repr(error)
        finally:
            child, self._child = self._child, None
            if child is not None and child.poll() is None:
                child.kill()
                child.communicate()
        return None

    def _drop_older(self, keep: int) -> None:
        found = list_copies(self._home)
        for old in found[:-keep]:
            shutil.rmtree(old.folder)
        self.kept = found[-keep:]
        if len(self.kept) >= keep:
            probe("copies.before_drop")
            dropped = self._drop_log(self.floor)
            self.on_dropped(self.floor)
            _logger.info("copy.made", seq=self.kept[-1].seq, segments_dropped=dropped)

    def _database(self) -> Path:
        return self._home / FILE
