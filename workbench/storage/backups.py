"""Backups: a verified copy of the tables and every value, in a folder of its own; and the way back.

A backup holds no log: the tables have all facts up to its sequence, and a restored home's log begins behind them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from workbench.base.errors import InvalidInput, InvalidState, StoreDamaged, StoreHeld
from workbench.storage.copies import Copy, list_copies
from workbench.storage.copying import FILE, NOTE
from workbench.storage.disk import SystemDisk
from workbench.storage.opening import numbered
from workbench.storage.segments import FIRST_SEGMENT_BYTES, create, frame
from workbench.storage.value_files import hash_file

FORMAT = 1
MANIFEST = "backup.json"
Tell = Callable[[str, int, int], None]
"""``tell(what, done, total)``: how far a long work has come."""


def back_up(home: Path, copy: Copy, target: Path, tell: Tell) -> int:
    """Write a backup of a home into the new folder `target`; how many values are in it.

    Raises InvalidInput when something stands at `target`, StoreDamaged when a value is not what its name says.
    """
    refuse_taken(target)
    fresh = target.with_name(target.name + ".unfinished")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        (fresh / "values").mkdir(parents=True)
        tell("database", 0, 1)
        shutil.copyfile(copy.file, fresh / FILE)
        shutil.copyfile(copy.folder / NOTE, fresh / NOTE)
        tell("database", 1, 1)
        values = _copy_values(home / "values", fresh / "values", tell)
        manifest = {"format": FORMAT, "seq": copy.seq, "madeAt": copy.made_at, "values": values}
        (fresh / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        _sync(fresh)
        fresh.rename(target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return values


def restore(source: Path, home: Path, tell: Tell, *, replace: bool = False) -> Copy:
    """Make `home` anew from a backup; what stood there is moved aside with `replace`, else refused.

    Raises InvalidInput for what is no backup, StoreDamaged for one that is not whole, InvalidState when `home` holds
    something, StoreHeld when a workbench runs on it.
    """
    copy = read_backup(source)
    if not copy.is_whole():
        raise StoreDamaged(f"The backup's database {copy.file} has changed since it was made.", hint="Use another one.")
    disk = SystemDisk()
    if home.exists() and any(home.iterdir()):
        release = disk.lock(home / "store.lock")
        if release is None:
            raise StoreHeld(f"A workbench runs on {home}.", hint="Stop it, then restore.")
        release()
        if not replace and {p.name for p in home.iterdir()} - {"store.lock", "owner.json"}:
            raise InvalidState(
                f"{home} holds a store already; nothing was changed.",
                hint="Add --replace (it is moved aside, not deleted), or name another folder with --home.",
            )
    fresh = home.with_name(home.name + ".restoring")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        (fresh / "log").mkdir(parents=True)
        (fresh / "values").mkdir()
        _copy_values(source / "values", fresh / "values", tell)
        kept = fresh / "copies" / f"{copy.seq:012d}"
        kept.mkdir(parents=True)
        for target in (fresh / FILE, kept / FILE):
            shutil.copyfile(copy.file, target)
        shutil.copyfile(source / NOTE, kept / NOTE)
        segment = create(disk, fresh / "log", 1, FIRST_SEGMENT_BYTES)
        segment.write(b"".join(frame(segment.salt, b"", 0, copy.seq + 1, copy.seq)))
        segment.close()
        _sync(fresh)
        if home.exists():
            home.rename(next(name for name in numbered(home.with_name(home.name + ".replaced")) if not name.exists()))
        fresh.rename(home)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return list_copies(home)[-1]


def read_backup(source: Path) -> Copy:
    """What a backup holds. Raises InvalidInput when it is none."""
    import msgspec

    try:
        manifest = json.loads((source / MANIFEST).read_bytes())
        copy = msgspec.json.decode((source / NOTE).read_bytes(), type=Copy)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise InvalidInput(f"{source} is no backup of a workbench: {error}", hint="Name the backup's folder.") from None
    if manifest.get("format", 0) > FORMAT:
        raise InvalidInput(f"{source} was made by a newer workbench.", hint="Install that version.")
    return msgspec.structs.replace(copy, folder=source)


def refuse_taken(target: Path) -> None:
    """Raise InvalidInput when something stands at `target`."""
    if target.exists():
        raise InvalidInput(f"{target} exists already; nothing was changed.", hint="Name a folder that does not exist.")


def _copy_values(source: Path, target: Path, tell: Tell) -> int:
    files = sorted(p for p in source.glob("*/*") if p.parent.name != "tmp") if source.is_dir() else []
    for done, file in enumerate(files):
        if done % 50 == 0:
            tell("values", done, len(files))
        folder = target / file.parent.name
        folder.mkdir(exist_ok=True)
        try:
            shutil.copyfile(file, folder / file.name)
        except FileNotFoundError:  # nobody needs it any more
            continue
        if hash_file(folder / file.name) != file.name:
            raise StoreDamaged(
                f"The value {file} is not what its name says.",
                hint="Run `workbench verify` to see what else is wrong; move the file away to go on without it.",
            )
    tell("values", len(files), len(files))
    return len(files)


def _sync(folder: Path) -> None:
    """Make all that is below a folder durable."""
    disk = SystemDisk()
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            disk.sync_folder(path)
        else:
            file = disk.open(path)
            try:
                file.sync()
            finally:
                file.close()
    disk.sync_folder(folder)
