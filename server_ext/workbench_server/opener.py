"""Makes the real assembly from Jupyter's configuration."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from workbench.access.identity import DEFAULT_WORKSPACE
from workbench.assembly import Workbench, open_workbench
from workbench.base.settings import SECRET_KEY, Settings
from workbench_server.exchange import AsgiApp


class HostedWorkbench:
    """A workbench as `Host` needs it."""

    kernel_workspace = DEFAULT_WORKSPACE

    def __init__(self, workbench: Workbench, address: str | None) -> None:
        self._workbench = workbench
        self._address = address
        self.app: AsgiApp
        self.max_body = workbench.settings.body_limit
        self.kernel_key = ""
        self.loop: asyncio.AbstractEventLoop

    def start(self) -> None:
        """Start the workbench, make the key of this server's kernels, tell other processes where the store's API is."""
        self._workbench.start()  # open runs go on; the app is only loaded then, which takes longer
        try:
            self.app = self._workbench.app
        except BaseException:
            self._workbench.stop()
            raise
        self.loop = self._workbench.run(_running_loop())
        self.kernel_key = self._workbench.access.add_kernel_key()
        if self._address is not None:
            self._workbench.store.announce(self._address, self.kernel_key)

    def stop(self) -> None:
        """Stop it gracefully."""
        self._workbench.stop()


def open_assembly(options: Mapping[str, Any], root_dir: str, address: str | None) -> HostedWorkbench:
    """A workbench with the settings of ``c.Workbench``, over files below the server's root folder.

    Raises InvalidInput for settings that are none, StoreHeld, StoreTooNew, StoreDamaged.
    """
    settings = Settings.load(jupyter={"root": root_dir, **options})
    os.environ.pop(SECRET_KEY, None)  # kernels and terminals inherit the environment; they have no use for it
    return HostedWorkbench(open_workbench(settings), address)


async def _running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()
