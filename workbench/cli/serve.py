"""`workbench serve`: the API and the engine under uvicorn, until a signal says stop."""

from __future__ import annotations

import signal
import threading
from functools import partial
from pathlib import Path

from workbench.access.identity import DEFAULT_WORKSPACE
from workbench.access.models import NewKey
from workbench.assembly import open_workbench
from workbench.base.settings import Settings


def serve_until_stopped(host: str | None, port: int | None, home: Path | None, make_key: str | None) -> None:
    """Open the store, serve, wait for SIGINT or SIGTERM, stop gracefully.

    Raises Unavailable when the port is taken, StoreHeld and its kin when the store cannot be opened.
    """
    settings = Settings.load(host=host, port=port, home=home)
    stop = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: stop.set())
    say = partial(print, flush=True)
    bench = open_workbench(settings)
    bench.start()  # open runs go on; the app is only loaded then
    try:
        address = bench.serve(settings.host, settings.port)
        bench.store.announce(address, bench.access.add_kernel_key())  # connect() on this machine speaks to us
        say(f"Workbench: {address}/api/v1/workflow")
        say(f"Store:     {settings.home}")
        if make_key:
            new = NewKey(name=make_key, scopes=("read", "write", "execute", "admin"))
            say(f"API key:   {bench.run(bench.access.make_key(DEFAULT_WORKSPACE, new)).key}  (shown once)")
        else:
            say("API keys:  those made before; --make-key NAME makes one")
        say("Ctrl+C stops it; unfinished runs go on at the next start.")
        stop.wait()
        say("Stopping …")
    finally:
        bench.stop()
