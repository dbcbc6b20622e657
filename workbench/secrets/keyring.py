"""The keys that secrets are encrypted with: a file of the home that only its owner may read, or the environment.

The first key encrypts, all of them decrypt. They stand in no fact, no table, no copy and no backup.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workbench.base.errors import Unavailable
from workbench.base.settings import SECRET_KEY as VARIABLE

FILE = "secret.key"
KEY_BYTES = 32
ID_BYTES = 8
MAKE_ONE = "openssl rand -base64 32"
HEAD = (
    "# The keys of this workbench's secrets: the first one encrypts, the others still decrypt.",
    "# Keep a copy in a safe place, apart from backups. Without it no secret can be read.",
)


@dataclass(frozen=True, slots=True, repr=False)
class MasterKey:
    """One key; `id` tells it from others and says nothing of it."""

    raw: bytes

    @property
    def id(self) -> bytes:
        """What stands in front of everything that was encrypted with it."""
        return hashlib.blake2b(self.raw, digest_size=ID_BYTES, person=b"workbench key").digest()

    def text(self) -> str:
        """As it stands in the file and the environment."""
        return base64.b64encode(self.raw).decode()


class Keyring:
    """The keys of one home. Read when first needed, so that a workbench without secrets never makes a file."""

    def __init__(self, home: Path, variable: str | None = None) -> None:
        self.path = home / FILE
        self._variable = variable
        self._keys: tuple[MasterKey, ...] | None = None

    @property
    def is_given(self) -> bool:
        """Whether the environment gives the first key, so that no file is made."""
        return bool(self._variable and self._variable.strip())

    def all(self) -> tuple[MasterKey, ...]:
        """Every key there is, that which encrypts first; none where no secret was ever set. Raises Unavailable."""
        if self._keys is None:
            given = _parse((self._variable or "").replace(",", " ").split(), f"the environment variable {VARIABLE}")
            self._keys = (*given, *(key for key in self._read() if key not in given))
        return self._keys

    def first(self) -> MasterKey:
        """The key that encrypts; made, and written to its file, where there is none. Raises Unavailable."""
        keys = self.all()
        if keys:
            return keys[0]
        made = MasterKey(os.urandom(KEY_BYTES))
        self._write((made,))
        return made

    def find(self, key_id: bytes) -> MasterKey | None:
        """The key of this id, if it is here; a file that was brought back meanwhile is seen. Raises Unavailable."""
        for _ in range(2):
            for key in self.all():
                if key.id == key_id:
                    return key
            self._keys = None
        return None

    def turn(self) -> MasterKey:
        """The key to encrypt everything with from now on: a new one, in front of those that are here.

        Where the environment gives the keys it is their first.
        """
        if self.is_given:
            return self.first()
        made = MasterKey(os.urandom(KEY_BYTES))
        self._write((made, *self.all()))
        return made

    def forget_others(self) -> None:
        """Throw away every key of the file but the first: nothing is encrypted with them any more."""
        first = self.first()
        if not self.is_given:
            self._write((first,))
        elif self.path.exists():
            self.path.unlink()
            self._keys = None

    def _read(self) -> tuple[MasterKey, ...]:
        try:
            with self.path.open("rb") as file:
                _check_mode(self.path, os.fstat(file.fileno()))
                text = file.read().decode("ascii", "replace")
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise Unavailable(
                f"The key of the secrets, {self.path}, cannot be read: {error.strerror}.",
                hint=f"Give it to the user that runs the workbench, or set {VARIABLE}.",
            ) from None
        return _parse((line for line in text.splitlines() if line.strip() and line[0] != "#"), str(self.path))

    def _write(self, keys: tuple[MasterKey, ...]) -> None:
        text = "\n".join((*HEAD, *(key.text() for key in keys), ""))
        try:
            descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{FILE}.")  # mode 0600
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(text.encode())
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self.path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            _sync(self.path.parent)
        except OSError as error:
            raise Unavailable(
                f"The key of the secrets cannot be written to {self.path}: {error.strerror}.",
                hint="Make room on the disk, or give the folder to the user that runs the workbench.",
            ) from None
        self._keys = None if self.is_given else keys


def _sync(folder: Path) -> None:
    with contextlib.suppress(OSError, AttributeError):  # folders cannot be opened on Windows
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _check_mode(path: Path, found: os.stat_result) -> None:
    """Refuse a file that others than its owner may read or write, as ssh does."""
    if os.name != "posix":
        return
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        raise Unavailable(
            f"The key of the secrets, {path}, may be read by others: its mode is {mode:04o}.",
            hint=f"Run: chmod 600 {path}. If others may have seen it, then run: workbench secrets rotate.",
        )


def _parse(texts: Iterable[str], where: str) -> tuple[MasterKey, ...]:
    found: list[MasterKey] = []
    for text in texts:
        plain = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
        try:
            raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except ValueError:
            raw = b""
        if len(raw) != KEY_BYTES:
            raise Unavailable(
                f"What {where} holds is no key of secrets: it takes {KEY_BYTES} random bytes as base64.",
                hint=f"Make one with: {MAKE_ONE}. Several stand apart by commas, the one that encrypts first.",
            )
        found.append(MasterKey(raw))
    return tuple(dict.fromkeys(found))
