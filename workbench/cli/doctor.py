"""`workbench doctor`: what is installed, set, running and switched off, each with the next act where it is wrong."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Literal

import httpx
import psutil
from jupyter_core.paths import jupyter_config_path
from rich.console import Console
from rich.table import Table

from workbench.base.errors import InvalidInput
from workbench.base.settings import Settings
from workbench.blocks.registry import BlockRegistry
from workbench.client.address import PREFIX
from workbench.client.servers import JupyterServer, running_servers
from workbench.storage.lock import owner_of

PACKAGES = ("workflow-workbench", "jupyterlab", "jupyter_server", "anywidget", "duckdb", "polars", "pyarrow", "fastapi")
LOW_DISK = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: how it stands, what it is about, what there is to say."""

    state: Literal["ok", "note", "wrong"]
    subject: str
    text: str


def examine(home: Path | None = None) -> bool:
    """Print everything; True when nothing is wrong."""
    out = Console(highlight=False, soft_wrap=True)
    signs = {"ok": "[green]✓ ok   [/]", "note": "[yellow]• note [/]", "wrong": "[red]✗ wrong[/]"}
    is_well = True
    for finding in findings(home):
        out.print(f"{signs[finding.state]} {finding.subject}: {finding.text}", markup=True)
        is_well = is_well and finding.state != "wrong"
    try:
        settings = Settings.load(home=home)
    except InvalidInput:
        return False  # said above
    table = Table("Setting", "Value", "From", title="Settings", title_justify="left", box=None)
    for origin in settings.origins():
        table.add_row(f"WORKBENCH_{origin.name.upper()}", str(origin.value), origin.source)
    out.print(table)
    return is_well


def findings(home: Path | None = None) -> Iterator[Finding]:
    """What there is to say, one thing at a time."""
    yield Finding("ok", "Python", f"{platform.python_version()} on {platform.platform(terse=True)}")
    yield from _packages()
    yield _extension()
    yield _bundle()
    try:
        settings = Settings.load(home=home)
    except InvalidInput as error:
        yield Finding("wrong", "Settings", str(error))
        return
    yield from _store(settings.home)
    yield from _servers()
    yield from _blocks(settings)


def _packages() -> Iterator[Finding]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            yield Finding("wrong", "Package", f"{name} is not installed: pip install {name}")
    yield Finding("ok", "Packages", ", ".join(f"{name} {number}" for name, number in found.items()))


def _extension() -> Finding:
    for folder in jupyter_config_path():
        file = Path(folder) / "jupyter_server_config.d" / "workbench_server.json"
        if file.exists():
            return Finding("ok", "Server extension", f"on ({file})")
    return Finding("wrong", "Server extension", "off: jupyter server extension enable workbench_server")


def _bundle() -> Finding:
    folder = Path(str(files("workbench_widgets"))) / "static"
    try:
        names = [str(name) for name in json.loads((folder / "manifest.json").read_bytes()).values()]
    except (OSError, ValueError):
        return Finding("wrong", "Widgets", "their bundle is not built: install again with npm or a network at hand")
    missing = [name for name in names if not (folder / name).exists()]
    if missing:
        return Finding("wrong", "Widgets", f"{', '.join(missing)} is missing: install again")
    return Finding("ok", "Widgets", ", ".join(names))


def _store(home: Path) -> Iterator[Finding]:
    owner = owner_of(home)
    if owner is not None and psutil.pid_exists(owner.pid):
        yield Finding("ok", "Store", f"{home}, held by process {owner.pid} at {owner.address or 'no address'}")
    elif not home.exists():
        yield Finding("ok", "Store", f"{home} will be made at the first start")
    elif not os.access(home, os.W_OK):
        yield Finding("wrong", "Store", f"{home} cannot be written: set WORKBENCH_HOME to a folder of yours")
    else:
        yield Finding("ok", "Store", f"{home}, held by nobody")
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    state = "wrong" if free < LOW_DISK else "ok"
    yield Finding(state, "Disk", f"{free / (1 << 30):.1f} GiB free at {there}")


def _servers() -> Iterator[Finding]:
    servers = list(running_servers())
    if not servers:
        yield Finding("note", "Jupyter", "no server of yours runs now: workbench lab")
    for server in servers:
        is_well, says = _health(server)
        yield Finding("ok" if is_well else "wrong", "Jupyter", f"{server.url} {says}")


def _health(server: JupyterServer) -> tuple[bool, str]:
    """Whether the workbench in `server` is well, and what it says."""
    try:
        answer = httpx.get(f"{server.url}{PREFIX}/health", timeout=3, trust_env=False)
        told = answer.json()
    except httpx.HTTPError as error:
        return False, f"does not answer ({type(error).__name__})"
    except ValueError:
        return False, "has no workbench"
    if answer.is_success and told.get("success"):
        return True, str(told["data"].get("status", "ok"))
    error = told.get("error", {})
    return False, " ".join(filter(None, (error.get("message", "has no workbench"), error.get("hint"))))


def _blocks(settings: Settings) -> Iterator[Finding]:
    registry = BlockRegistry.standard()
    for name in settings.disabled_blocks:
        registry.switch_off(name, "switched off by the setting DISABLED_BLOCKS")
    disabled = registry.disabled()
    yield Finding("ok", "Blocks", f"{len(registry.types()) - len(disabled)} types")
    for name, reason in disabled.items():
        yield Finding("note", "Block", f"{name} cannot be used: {reason}")
