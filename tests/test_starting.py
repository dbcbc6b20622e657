"""What a start loads: open runs do not wait for what only requests, calls and people need."""

from __future__ import annotations

import subprocess
import sys

import pytest

LATE = (
    "fastapi",
    "starlette",
    "uvicorn",
    "httpx",
    "httpcore",
    "rich",
    "pygments",
    "pyarrow",
    "numpy",
    "IPython",
    "anywidget",
)
START = """
from pathlib import Path
from workbench.assembly import open_workbench
from workbench.base.settings import Settings
bench = open_workbench(Settings.load(environ={}, home=Path(HOME)))
bench.start()
bench.stop()
"""


def loaded_after(code: str) -> set[str]:
    """Which of `LATE` a fresh process has loaded after `code`."""
    tell = f"import sys; print(' '.join(n for n in {LATE!r} if n in sys.modules))"
    return set(
        subprocess.run(
            [sys.executable, "-c", f"{code}\n{tell}"], capture_output=True, text=True, check=True
        ).stdout.split()
    )


def test_an_assembly_is_opened_and_started_without_the_web_the_http_client_and_arrow(tmp_path) -> None:
    assert loaded_after(START.replace("HOME", repr(str(tmp_path)))) == set()


def test_the_app_brings_what_the_first_requests_need() -> None:
    assert {"fastapi", "uvicorn", "httpx", "pyarrow"} <= loaded_after("import workbench.api.whole")


@pytest.mark.parametrize("module", ["rich", "structlog"])
def test_logging_leaves_rich_to_those_who_want_it(module: str) -> None:
    assert loaded_after(f"import workbench.base.logs, {module}") == ({"rich"} if module == "rich" else set())
