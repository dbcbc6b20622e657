"""Makes the real assembly from Jupyter's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench_server.host import Assembly


def open_assembly(options: Mapping[str, Any], root_dir: str, address: str | None) -> Assembly:
    """An assembly with the settings of ``c.Workbench``, over files below the server's root folder."""
    from workbench.assembly import open_workbench

    return open_workbench(options)  # type: ignore[no-any-return]
