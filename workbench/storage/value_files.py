"""Large values as files named by the hash of their content, so that the same value is stored once."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportUnknownLambdaType=false

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
import polars as pl

from workbench.base.errors import InvalidState, NotFound, ValueLost
from workbench.base.probe import probe
from workbench.storage.disk import Disk, SystemDisk
from workbench.storage.tables import columns_of, from_ipc, map_ipc, preview_rows, to_ipc, write_ipc
from workbench.storage.values import decode, encode_in_pieces, to_json

INLINE_BYTES = 64 * 1024
"""Values up to this size stand in the fact itself."""
SUMMARY_ROWS = 10
SUMMARY_BYTES = 4096
LATELY_S = 600.0
_IN_MEMORY_BYTES = 32 * 1024 * 1024


_Raw: TypeAlias = bytes
"""`Stored` has a field named bytes, which would hide the type in its own annotations."""


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """How a value stands in a fact: its bytes, or the hash that names its file."""

    inline: _Raw | None = None
    ref: _Raw | None = None
    """32 bytes."""
    kind: Literal["json", "table", "pending", "none"] = "none"
    bytes: int = 0
    """Size as stored."""
    summary: dict[str, Any] | None = None
    """JSON-ready: ``{rows, columns: [[name, type]…], preview}`` of a table, ``{preview}`` of a large value."""


NONE = Stored()
"""No value."""
PENDING = Stored(kind="pending")
"""A pure block's large value that is not written yet."""


class ValueStore:
    """The folder of value files of one store. Every method may be called from any thread, never from the loop."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self._disk: Disk = disk or SystemDisk()
        self._folder = folder
        self._fresh = folder / "tmp"
        self._disk.make_folder(self._fresh)
        for left in self._disk.list(self._fresh):
            self._disk.unlink(left)
        self._pins: Counter[bytes] = Counter()
        self._used: dict[bytes, float] = {}
        """When a file was pinned last."""
        self._lock = threading.Lock()
        self._naming = threading.Lock()
        self._checked: set[bytes] = set()
        self._synced: set[Path] = set()
        """Folders all of whose names are durable."""

    def put(self, value: Any) -> Stored:
        """Store a value; durable when this returns. A file stays pinned until `unpin`, once per `put`.

        Raises BlockFailed for what cannot be stored, OSError when the disk refuses.
        """
        if isinstance(value, pl.DataFrame):
            return self._put_table(value)
        data = b"".join(encode_in_pieces(value))
        if len(data) <= INLINE_BYTES:
            return Stored(data, None, "json", len(data))
        return Stored(None, self._put_bytes(data), "json", len(data), {"preview": _preview(value)})

    def load(self, stored: Stored) -> Any:
        """The value; a stored table is mapped, not read.

        Raises ValueLost when its file is gone or is not what it was, InvalidState when it was never kept.
        """
        if stored.kind == "pending":
            raise InvalidState("This value was not kept.", hint="Run the block again.")
        if stored.kind == "none":
            return None
        if stored.inline is not None:
            return from_ipc(stored.inline) if stored.kind == "table" else decode(stored.inline)
        assert stored.ref is not None
        try:
            mapped = self._disk.map(self.path(stored.ref))
        except FileNotFoundError as error:
            raise ValueLost("This value is not kept any more.", hint="Run the function again.") from error
        try:
            if stored.bytes and len(mapped) != stored.bytes:  # who read the name from a table does not know the size
                raise ValueError(f"{len(mapped)} bytes instead of {stored.bytes}")
            return map_ipc(mapped) if stored.kind == "table" else decode(memoryview(mapped))
        except (ValueError, msgspec.MsgspecError) as error:
            raise ValueLost(
                f"The file of this value is damaged ({stored.ref.hex()[:12]}…: {error}).",
                hint="Run the function again; `workbench verify` tells what else is damaged.",
            ) from error

    def check(self, stored: Stored) -> None:
        """Make sure that a value's file is there and what it was, once in this process for each file.

        A file that was changed is put aside under ``values/damaged``, so that the value can be stored anew. Raises
        NotFound when it is gone, InvalidState when it was changed.
        """
        ref = stored.ref
        if ref is None or ref in self._checked:
            return
        path = self.path(ref)
        try:
            mapped = self._disk.map(path)
        except FileNotFoundError as error:
            raise NotFound("This value is not kept any more.", hint="Run the function again.") from error
        if _hash(mapped).digest() != ref:
            damaged = self._folder / "damaged"
            self._disk.make_folder(damaged)
            self._disk.rename(path, damaged / path.name)
            raise InvalidState(
                f"The file of this value ({path.name[:12]}…) is not what was stored: it was changed or damaged.",
                hint="Run the function again.",
            )
        self._checked.add(ref)

    def path(self, ref: bytes) -> Path:
        """Where the value with this hash stands."""
        name = ref.hex()
        return self._folder / name[:2] / name

    def size(self, ref: bytes) -> int:
        """Bytes of the value with this hash; 0 where it is not kept."""
        try:
            return self._disk.size(self.path(ref))
        except OSError:
            return 0

    def pin(self, ref: bytes) -> None:
        """Keep a file from being unlinked until as many `unpin` calls, and for a while after them."""
        with self._lock:
            self._pins[ref] += 1
            self._used[ref] = time.monotonic()

    def collect(self, named: set[bytes], before_us: int) -> int:
        """Unlink the files that are not `named`, not pinned, not used lately, and older than `before_us` (since 1970).

        How many. A record that names a file may be on its way into the tables, hence *lately*: ten minutes.
        """
        count = 0
        now = time.monotonic()
        with self._lock:
            self._used = {ref: at for ref, at in self._used.items() if now - at < LATELY_S}
        for folder in self._disk.list(self._folder):
            if len(folder.name) != 2:
                continue
            for path in self._disk.list(folder):
                ref = bytes.fromhex(path.name)
                if ref in named or self._disk.modified_us(path) >= before_us:
                    continue
                with self._naming:  # `put` pins first and looks for the file second, under this lock
                    if not self.is_pinned(ref) and ref not in self._used:
                        self._disk.unlink(path)
                        count += 1
        return count

    def unpin(self, stored: Stored) -> None:
        """The record that names this value is logged, or given up."""
        if stored.ref is None:
            return
        with self._lock:
            self._pins[stored.ref] -= 1
            if self._pins[stored.ref] <= 0:
                del self._pins[stored.ref]

    def is_pinned(self, ref: bytes) -> bool:
        """Whether someone is about to log a record that names this value."""
        with self._lock:
            return self._pins[ref] > 0

    def _put_table(self, table: pl.DataFrame) -> Stored:
        summary = {"rows": table.height, "columns": columns_of(table), "preview": _table_preview(table)}
        if table.estimated_size() <= _IN_MEMORY_BYTES:
            data = to_ipc(table)
            if len(data) <= INLINE_BYTES:
                return Stored(data, None, "table", len(data), summary)
            return Stored(None, self._put_bytes(data), "table", len(data), summary)
        fresh = self._new_path()
        try:
            with self._disk.stream(fresh) as file:
                write_ipc(table, file)
            size = self._disk.size(fresh)
            ref = _hash(self._disk.map(fresh)).digest()
            self.pin(ref)
            self._keep(fresh, ref)
        finally:
            self._disk.unlink(fresh)
        return Stored(None, ref, "table", size, summary)

    def _put_bytes(self, data: bytes) -> bytes:
        ref = _hash(data).digest()
        self.pin(ref)
        if self._has(self.path(ref)):
            return ref
        fresh = self._new_path()
        try:
            with self._disk.stream(fresh) as file:
                file.write(data)
            self._keep(fresh, ref)
        finally:
            self._disk.unlink(fresh)
        return ref

    def _keep(self, fresh: Path, ref: bytes) -> None:
        """Give a written file its name, durably: bytes first, then the name."""
        target = self.path(ref)
        if self._has(target):
            return
        file = self._disk.open(fresh)
        try:
            file.sync()
        finally:
            file.close()
        probe("values.before_rename")
        with self._naming:
            if target.parent not in self._synced:
                self._disk.make_folder(target.parent)
                self._disk.sync_folder(self._folder)
            self._disk.rename(fresh, target)
            probe("values.after_rename")
            self._disk.sync_folder(target.parent)
            self._synced.add(target.parent)

    def _has(self, target: Path) -> bool:
        """Whether this value stands there already, durably: a name left by a killed process may not be."""
        with self._naming:
            if not self._disk.exists(target):
                return False
            if target.parent not in self._synced:
                self._disk.sync_folder(self._folder)
                self._disk.sync_folder(target.parent)
                self._synced.add(target.parent)
            return True

    def _new_path(self) -> Path:
        return self._fresh / self._disk.token(16).hex()


def _hash(data: bytes = b"") -> Any:
    return hashlib.blake2b(data, digest_size=32)


def hash_file(path: Path) -> str:
    """The name that a value file's content asks for. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, _hash).hexdigest()


def _table_preview(table: pl.DataFrame) -> list[Any]:
    """The first rows, fewer where they are long."""
    rows: list[Any] = [to_json(row) for row in preview_rows(table, SUMMARY_ROWS)]
    return _shortened(rows)


def _shortened(rows: list[Any]) -> list[Any]:
    while rows and len(msgspec.json.encode(rows)) > SUMMARY_BYTES:
        rows = rows[: len(rows) // 2]
    return rows


def _preview(value: Any) -> Any:
    """The beginning of a large value, small and JSON-ready."""
    match value:
        case str():
            return value[:200]
        case list():
            return _shortened([_preview(v) for v in value[:SUMMARY_ROWS]])
        case dict():
            shown: dict[str, Any] = {}
            for key in list(value)[:20]:
                shown[key[:100]] = _preview(value[key])
                if len(msgspec.json.encode(shown)) > SUMMARY_BYTES:
                    del shown[key[:100]]
                    break
            return shown
        case pl.DataFrame():
            return {"$table": {"rows": value.height, "columns": columns_of(value)[:20]}}
        case _:
            return to_json(value)
