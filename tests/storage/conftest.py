"""Stores over fresh homes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.storage.notes import open_store
from workbench.base.probe import listen
from workbench.storage.store import Store

Opener = Callable[..., Store]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def opened(home: Path) -> Iterator[Opener]:
    """Opens stores over `home`; the last one is closed at the end."""
    stores: list[Store] = []

    def open_(where: Path | None = None, **settings: Any) -> Store:
        store = open_store(where or home, **settings)
        stores.append(store)
        return store

    yield open_
    listen(None)
    for store in stores:
        store.close()
