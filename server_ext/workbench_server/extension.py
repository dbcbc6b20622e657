"""The extension as Jupyter sees it: configured, linked, started with the server and stopped with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from traitlets import DottedObjectName
from traitlets.config import Config
from traitlets.config.loader import DeferredConfig
from traitlets.utils.importstring import import_item

from workbench_server.handler import PREFIX, AsgiHandler
from workbench_server.host import Assembly, Host


class WorkbenchExtension(ExtensionApp):
    """Hosts one assembly in a Jupyter server. The workbench's own settings stand under ``c.Workbench``."""

    name = "workbench_server"
    load_other_extensions = True

    opener = DottedObjectName(
        "workbench_server.opener.open_assembly",
        help="What makes the assembly: ``opener(options, root_dir, address)``, with the options of ``c.Workbench``.",
    ).tag(config=True)

    def initialize_handlers(self) -> None:
        """Mount the app's path. Nothing starts yet: the server's port is not known."""
        self.host = Host(self._open)
        self.handlers.append((rf"{PREFIX[1:]}(?:/.*)?", AsgiHandler, {"host": self.host}))

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        """Runs once the server listens, so that the address is final."""
        address = server_address(serverapp)
        if address is not None:
            os.environ["WORKBENCH_URL"] = address
        for name in ("WORKBENCH_API_KEY", "WORKBENCH_WORKSPACE"):
            os.environ.pop(name, None)  # another server's, when this one was started from one of its terminals
        assembly = await self.host.start()
        if assembly is None:
            self.log.error("workflow workbench: not running. %s", self.host.failure)
            return
        os.environ["WORKBENCH_API_KEY"] = assembly.kernel_key
        os.environ["WORKBENCH_WORKSPACE"] = assembly.kernel_workspace
        self.log.info("workflow workbench: running at %s", f"{address or serverapp.sock}{PREFIX}")

    async def stop_extension(self) -> None:
        """Runs on a signal and on ``/api/shutdown``, before the server's loop ends."""
        await self.host.stop()

    def _open(self) -> Assembly:
        assert self.serverapp is not None
        opener: Callable[..., Assembly] = import_item(self.opener)
        options = plain_options(self.serverapp.config.get("Workbench", Config()))
        return opener(options, self.serverapp.root_dir, server_address(self.serverapp))


def plain_options(section: Mapping[str, Any]) -> dict[str, Any]:
    """A config section as plain values; text from the command line stays text for the settings model to read."""
    return {
        name: str(value) if isinstance(value, DeferredConfig) and isinstance(value, str) else value
        for name, value in section.items()
    }


def server_address(serverapp: ServerApp) -> str | None:
    """The server's root as its own kernels reach it, without a last slash; None when there is a Unix socket only."""
    if serverapp.sock:
        return None
    ip = serverapp.ip
    if ip in {"", "0.0.0.0", "localhost", "*"}:  # noqa: S104 - compared, not bound
        ip = "127.0.0.1"
    elif ip == "::":
        ip = "::1"
    host = f"[{ip}]" if ":" in ip else ip
    scheme = "https" if serverapp.certfile else "http"
    return f"{scheme}://{host}:{serverapp.port}{serverapp.base_url}".rstrip("/")
