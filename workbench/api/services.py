"""What the app needs from the assembly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from workbench.access.service import Access
from workbench.api.hub import EventsHub
from workbench.base.clock import Clock
from workbench.base.ids import Ids
from workbench.base.settings import Settings
from workbench.rest.operation import Exists


@dataclass(frozen=True, slots=True)
class Services:
    """The app's parts. A feature brings its router (``routes(service) → APIRouter``); the app need not know it."""

    settings: Settings
    clock: Clock
    ids: Ids
    access: Access
    events: EventsHub
    routers: Sequence[APIRouter] = ()
    health: Callable[[], dict[str, Any]] = dict
    """Parts by name, each ``{"ok": bool, …}`` without secrets or paths; any false one makes `/health` red."""
    run_exists: Exists | None = None
    """For ``R/events``: raises `NotFound`."""
    static_dir: Path | None = None
    """The folder with the widgets' bundle and its ``manifest.json``."""
