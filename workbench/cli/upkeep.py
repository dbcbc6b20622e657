"""`workbench backup`, `restore`, `verify`, `compact`: a store's safety from the terminal, whether it runs or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from workbench.base.clock import SystemClock
from workbench.base.errors import NotFound, StoreHeld, Unavailable
from workbench.base.logs import configure
from workbench.base.loop import LoopThread
from workbench.base.settings import Settings
from workbench.client.address import Address, FixedPlace
from workbench.client.api import Api
from workbench.opening import fact_types, open_store
from workbench.storage import backups
from workbench.storage.copies import Copy, list_copies
from workbench.storage.disk import SystemDisk
from workbench.storage.lock import owner_of
from workbench.storage.migrations.runner import load_migrations
from workbench.storage.verifying import Report, Verifier

MIB = 1024 * 1024


def back_up(path: Path, home: Path | None) -> int:
    """Write a backup into the new folder `path`; the exit code."""
    settings = _settings(home)
    backups.refuse_taken(path)
    _refuse_missing(settings.home)
    copy = _copy(settings, "copies")
    with _progress() as tell:
        values = backups.back_up(settings.home, copy, path.absolute(), tell)
    size = sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
    _say(f"Backed up {settings.home} up to fact {copy.seq:,}: {values:,} values, {size / MIB:,.1f} MiB in {path}.")
    return 0


def restore(path: Path, home: Path | None, *, replace: bool) -> int:
    """Make the home anew from a backup; the exit code."""
    settings = _settings(home)
    with _progress() as tell:
        copy = backups.restore(path.absolute(), settings.home, tell, replace=replace)
    _say(f"Restored {settings.home} up to fact {copy.seq:,}. Unfinished runs go on at the next start.")
    return 0


def verify(home: Path | None, *, online: bool) -> int:
    """Look at everything a store holds; 0 when all is well, 1 when something is wrong."""
    settings = _settings(home)
    _refuse_missing(settings.home)
    release = None
    newest: Copy | None = None
    if online:
        newest = _copy(settings, "copies")
    else:
        release = SystemDisk().lock(settings.home / "store.lock")
        if release is None:
            raise StoreHeld(f"A workbench runs on {settings.home}.", hint="Add --online, or stop it first.")
    try:
        with _progress() as tell:
            verifier = Verifier(settings.home, fact_types(), load_migrations(), SystemClock(), tell)
            report = verifier.verify(newest)
    finally:
        if release is not None:
            release()
    return _report(report, settings.home)


def compact(home: Path | None) -> int:
    """Drop the log and the copies behind a new verified copy; the exit code."""
    settings = _settings(home)
    _refuse_missing(settings.home)
    before = _size(settings.home)
    copy = _copy(settings, "compact")
    freed = max(0, before - _size(settings.home))
    _say(f"Compacted {settings.home}: {freed / MIB:,.1f} MiB freed; the log begins behind fact {copy.seq:,}.")
    return 0


def _copy(settings: Settings, what: str) -> Copy:
    """Let the owner make a verified copy, or be the owner for as long as it takes."""
    owner = owner_of(settings.home)
    release = SystemDisk().lock(settings.home / "store.lock")
    if release is None:
        if owner is None or owner.address is None:
            raise Unavailable(
                f"The owner of {settings.home} does not say where it listens.", hint="Stop it, then try again."
            )
        api = Api(FixedPlace(Address(owner.address, owner.key)))
        try:
            made = api.post(f"/system/{what}", wait_s=600.0)
        finally:
            api.close()
        return next(copy for copy in list_copies(settings.home) if copy.seq == made["seq"])
    release()
    loop = LoopThread("workbench-upkeep")
    store = open_store(settings, SystemClock())
    try:
        loop.start()
        store.attach_loop(loop.loop)
        return loop.run(store.upkeep.copy() if what == "copies" else store.upkeep.compact())
    finally:
        loop.stop()
        store.close()


def _settings(home: Path | None) -> Settings:
    configure("warning")
    return Settings.load(home=home)


def _refuse_missing(home: Path) -> None:
    if not (home / "log").is_dir():
        raise NotFound(f"There is no store in {home}.", hint="Name its folder with --home or WORKBENCH_HOME.")


def _size(folder: Path) -> int:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())


def _report(report: Report, home: Path) -> int:
    _say(
        f"Looked at {home}: {report.facts:,} facts in {report.segments} segments, {report.values:,} values, "
        f"{report.copies} copies; compared {report.compared or 'nothing'}."
    )
    for problem in report.problems:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"✗ {problem}", style="red", markup=False)
    if report.problems:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            "→ Copy the whole folder away first. A database that is wrong: stop the workbench, move workbench.duckdb "
            "away and start it again. A log or a value that is wrong: `workbench restore` a backup.",
            markup=False,
        )
        return 1
    _say("✓ All is well.")
    return 0


def _say(text: str) -> None:
    Console(highlight=False, soft_wrap=True).print(text, markup=False)


@contextmanager
def _progress() -> Iterator[backups.Tell]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)

        yield tell
