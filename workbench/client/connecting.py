"""`connect()`: finds the workbench that this notebook belongs to, or starts one in this process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from workbench.base.errors import InvalidInput, Unavailable
from workbench.base.settings import Settings
from workbench.client.address import Address, FixedPlace, Place
from workbench.client.api import Api
from workbench.client.bench import Bench
from workbench.client.errors import short
from workbench.client.home import HomePlace
from workbench.client.servers import find_server, is_well


def connect(
    url: str | None = None,
    key: str | None = None,
    workspace: str | None = None,
    home: str | Path | None = None,
    **settings: Any,
) -> Bench:
    """Connect to a workbench.

    In this order: `url` and `key`; the store in `home`; ``WORKBENCH_URL`` and ``WORKBENCH_API_KEY``, which a kernel has
    from the Jupyter server that started it; the store in ``WORKBENCH_HOME``; a running Jupyter server of yours that has
    a workbench; the store in your user folder. A store is spoken to through the process that owns it; where none does,
    this process becomes its owner until it ends.

    Args:
        url: the server's root, such as ``http://localhost:8888``.
        key: an API key.
        workspace: a workspace's id, where the key does not say it.
        home: the folder of a store.
        settings: more settings for a workbench that starts in this process, such as ``root`` (the folder that file
            blocks may read and write; otherwise the current one).

    Raises:
        Unavailable: nothing answers at the address; StoreHeld, StoreTooNew or StoreDamaged for a store.
        NotAuthenticated: the key is not known there.
    """
    api = Api(_place(url, key, workspace, home, settings))
    try:
        return Bench(api)
    except BaseException:
        api.close()
        raise


def _place(
    url: str | None, key: str | None, workspace: str | None, home: str | Path | None, settings: dict[str, Any]
) -> Place:
    if url is not None and home is not None:
        raise short(InvalidInput("A workbench is named by its url or by its home, not by both.", hint="Leave one out."))
    told = os.environ.get("WORKBENCH_URL") if home is None and not settings else None
    url = url or told
    if url:
        if url == told:  # what stands beside it in the environment belongs to it
            key = key or os.environ.get("WORKBENCH_API_KEY")
            workspace = workspace or os.environ.get("WORKBENCH_WORKSPACE")
        return _named(Address(url.rstrip("/"), key, workspace=workspace))
    if home is None and not settings and "WORKBENCH_HOME" not in os.environ:
        found = find_server()
        if found is not None:
            return FixedPlace(Address(found.url, key, found.token, workspace))
    if "WORKBENCH_LOG_LEVEL" not in os.environ:
        settings.setdefault("log_level", "warning")  # a notebook is no server's log
    return HomePlace(Settings.load(home=home, **settings), workspace)


def _named(address: Address) -> FixedPlace:
    if not is_well(address):
        raise short(
            Unavailable(
                f"No workbench answers at {address.url}.",
                hint="Is the server running? With workbench.connect(home=…) this process can be one itself.",
            )
        )
    return FixedPlace(address)
