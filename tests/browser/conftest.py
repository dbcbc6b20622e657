"""One JupyterLab and one browser for all tests of this folder; a fresh page and notebook for each.

They end with the folder's last test: a running Playwright holds an event loop, which the tests after it must not find.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.flows import write_data
from tests.browser.lab import SLOWNESS, Lab
from tests.browser.stage import ARTIFACTS, Canvas, Stage, canvas_cell

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SIZE = {"width": 1440, "height": 900}

PATIENCE_MS = int(30_000 * SLOWNESS)
"""How long a page may take for one thing."""

expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(300 * SLOWNESS))


@pytest.fixture(scope="package")
def lab(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(tmp_path_factory.mktemp("lab"))
    write_data(made.notebooks)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield made
        made.close()


@pytest.fixture(scope="package")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One profile for all pages: Lab's own scripts are fetched once."""
    made = browser.new_context(viewport=SIZE)
    made.set_default_timeout(PATIENCE_MS)
    yield made
    made.close()


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """The test's own name, short, for its notebook and pictures."""
    return re.sub(r"\W+", "_", request.node.name.removeprefix("test_"))[:60].strip("_")


@pytest.fixture
def page_errors() -> list[str]:
    """What no one caught in the test's pages. A test that causes some on purpose takes them out."""
    return []


@pytest.fixture
def open_page(
    context: BrowserContext, request: pytest.FixtureRequest, name: str, page_errors: list[str]
) -> Iterator[Callable[[], Page]]:
    """Opens pages. An error that no one caught in any of them fails the test; a failed test leaves a picture."""
    pages: list[Page] = []

    def open_one() -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: page_errors.append(str(error)))
        pages.append(page)
        return page

    failures = request.session.testsfailed
    yield open_one
    if request.session.testsfailed > failures:
        ARTIFACTS.mkdir(exist_ok=True)
        for number, page in enumerate(pages):
            page.screenshot(path=ARTIFACTS / f"failed-{name}-{number}.png")
    for page in pages:
        page.close()
    assert not page_errors, f"errors in the page: {page_errors}"


@pytest.fixture
def stage(lab: Lab, open_page: Callable[[], Page]) -> Stage:
    return Stage(lab, open_page())


@pytest.fixture
def draw(lab: Lab, stage: Stage, name: str) -> Callable[..., tuple[Canvas, str]]:
    """Makes a function of a flow and shows it in a fresh notebook; answers the canvas and the function's id."""

    def show(flow: Mapping[str, Any], *more_cells: str, **options: Any) -> tuple[Canvas, str]:
        function_id = lab.make_function(name.replace("_", " "), flow)
        stage.open(lab.write_notebook(name, [canvas_cell(function_id, **options), *more_cells]))
        stage.run_all()
        return stage.canvas(), function_id

    return show
