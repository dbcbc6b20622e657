"""What holds for every test: how hypothesis looks for examples, and the Chromium of this machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is slow, not wrong: examples have no deadline.
settings.register_profile("workbench", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("workbench")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
HOW = "no Chromium was found. On Debian and Ubuntu: apt-get install chromium; or set CHROMIUM to one"


def find_chromium() -> str | None:
    """The path of a Chromium: ``CHROMIUM`` in the environment, else the usual names and places."""
    told = os.environ.get("CHROMIUM")
    if told:
        return told
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or next((place for place in PLACES if Path(place).exists()), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; tests that take it are marked ``browser``."""
    found = find_chromium()
    if found is None:
        pytest.skip(HOW)
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip browser tests, with the reason and the way to have them, where there is no browser."""
    if find_chromium() is None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason=HOW))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One plain line about the browser tests that did not run."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if HOW in str(report.longrepr)]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} browser tests were skipped: {HOW}.")
