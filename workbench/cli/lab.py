"""`workbench lab`: JupyterLab in this environment, in which the extension is already on."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence

from workbench.base.errors import Unavailable


def open_lab(arguments: Sequence[str]) -> None:
    """Become `jupyter lab` with these arguments (on Windows: wait for it)."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise Unavailable("JupyterLab is not installed here.", hint="pip install jupyterlab")
    command = [sys.executable, "-m", "jupyterlab", *arguments]
    if os.name == "nt":
        sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - the arguments are the user's own
    os.execv(sys.executable, command)  # noqa: S606 - likewise
