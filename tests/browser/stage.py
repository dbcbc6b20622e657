"""A page with a notebook, and a canvas in it, as a person uses them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import SLOWNESS, TOKEN, Lab

ARTIFACTS = Path(__file__).parents[1] / "artifacts"
LOAD_MS = int(90_000 * SLOWNESS)
"""How long Lab and a kernel may take on a loaded machine."""

STILL = """viewport => new Promise((resolve) => {
  let last = "", same = 0;
  const look = () => {
    same = viewport.style.transform === last ? same + 1 : 0;
    last = viewport.style.transform;
    if (same >= 6) resolve(); else requestAnimationFrame(look);
  };
  look();
})"""
"""Resolves when the board has not moved for six frames."""

KERNEL_WAITS = """() => {
  const session = jupyterapp.shell.currentWidget?.sessionContext;
  const kernel = session?.isReady ? session.session?.kernel : null;
  return kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""


def canvas_cell(function_id: str, **options: Any) -> str:
    more = "".join(f", {name}={value!r}" for name, value in options.items())
    return f"from workbench_widgets import CanvasWidget\nCanvasWidget({function_id!r}{more})"


class Stage:
    """One browser page with JupyterLab in it."""

    def __init__(self, lab: Lab, page: Page) -> None:
        self.lab = lab
        self.page = page

    def open(self, notebook: str) -> None:
        """Open a notebook in a Lab workspace of its own, so that no other test's tabs come back."""
        workspace = re.sub(r"\W", "-", notebook)
        self.page.goto(f"{self.lab.url}/lab/workspaces/{workspace}/tree/{notebook}?token={TOKEN}")
        self.wait_for_lab()

    def wait_for_lab(self) -> None:
        """Until the notebook is there and its kernel is idle."""
        self.page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=LOAD_MS)
        self.page.wait_for_function("window.jupyterapp !== undefined", timeout=LOAD_MS)
        self.page.evaluate("() => { jupyterapp.shell.mode = 'single-document'; jupyterapp.shell.collapseLeft(); }")
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Until the notebook in front has a kernel that waits for work."""
        self.page.wait_for_function(KERNEL_WAITS, timeout=LOAD_MS)

    def command(self, name: str, **arguments: Any) -> None:
        """Ask for one of Lab's commands; what it leads to is the caller's to wait for."""
        self.page.evaluate("([name, args]) => { jupyterapp.commands.execute(name, args); }", [name, arguments])

    def run_all(self) -> None:
        self.command("notebook:run-all-cells")

    def theme(self, dark: bool) -> None:
        self.command("apputils:change-theme", theme=f"JupyterLab {'Dark' if dark else 'Light'}")
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-light", "false" if dark else "true")
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)

    def shoot(self, name: str) -> None:
        """Keep a picture of the page as it is."""
        ARTIFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTIFACTS / f"{name}.png")

    def shoot_both(self, name: str) -> None:
        """Keep a picture in Lab's light and one in its dark theme."""
        for dark in (True, False):
            self.theme(dark)
            self.shoot(f"{name}-{'dark' if dark else 'light'}")

    def canvas(self, number: int = 0) -> Canvas:
        """The canvas of a cell that ran, drawn and ready."""
        root = self.page.get_by_test_id("workbench-canvas").nth(number)
        expect(root).to_have_attribute("data-phase", "ready", timeout=LOAD_MS)
        return Canvas(self.page, root)

    def cell_output(self, number: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(number).locator(".jp-OutputArea-output")


class Canvas:
    """One canvas: its blocks, wires and parts by the names that a person reads."""

    def __init__(self, page: Page, root: Locator) -> None:
        self.page = page
        self.root = root
        self.blocks = root.get_by_test_id("block")
        self.wires = root.locator(".react-flow__edge")
        self.board = root.get_by_test_id("board")
        self.inspector = root.get_by_role("complementary", name="Inspector")
        self.strip = root.get_by_test_id("debug-strip")
        self.saving = root.get_by_test_id("saving")
        self.status = root.get_by_test_id("run-status")
        self.connection = root.get_by_test_id("connection")

    def part(self, test_id: str) -> Locator:
        return self.root.get_by_test_id(test_id)

    def block(self, name: str) -> Locator:
        title = self.page.locator(".wbc-card-name", has_text=re.compile(rf"^{re.escape(name)}$"))
        return self.blocks.filter(has=title)

    def port(self, block: str, port: str = "out", side: str = "out") -> Locator:
        return self.block(block).get_by_test_id(f"port-{side}-{port}")

    def click(self, name: str) -> None:
        """Select a block by a click on its middle."""
        self.block(name).click()
        self.expect_selected(name)

    def expect_selected(self, name: str) -> None:
        expect(self.block(name)).to_contain_class("wbc-selected")

    def wait_still(self) -> None:
        """Until nothing slides any more, so that places on the screen hold."""
        self.root.locator(".react-flow__viewport").evaluate(STILL)

    def show_whole(self) -> None:
        self.focus()
        self.press("0")
        self.wait_still()

    def show_from_far(self) -> None:
        """All of it, also where cards cannot be read any more."""
        self.show_whole()
        self.press("0")
        self.wait_still()

    def look_at(self, name: str) -> None:
        """Zoom in on a block until it reads well, and select it."""
        for _ in range(4):
            self.root.get_by_role("button", name="Zoom In").click()
        self.wait_still()
        self.focus()
        self.press("Control+f")
        self.page.keyboard.type(name)
        self.press("Enter")
        self.expect_selected(name)
        self.wait_still()

    def close_inspector(self) -> None:
        """By one Escape, from an editor too, back to the board."""
        self.press("Escape")
        expect(self.inspector).to_have_count(0)
        self.expect_focus_inside()

    def drag_wire(self, source: str, target: str, port: str = "out") -> None:
        """Pull a wire from an output to an input with the mouse."""
        self.wait_still()
        a, b = self.port(source, port).bounding_box(), self.port(target, "in", "in").bounding_box()
        assert a and b
        mouse = self.page.mouse
        mouse.move(a["x"] + a["width"] / 2, a["y"] + a["height"] / 2)
        mouse.down()
        # From inside the board: near its edges the board moves along.
        mouse.move(b["x"] + 60, b["y"] - 20, steps=6)
        mouse.move(b["x"] + b["width"] / 2, b["y"] + b["height"] / 2, steps=4)
        mouse.up()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def focus(self) -> None:
        self.root.focus()
        expect(self.root).to_be_focused()

    def expect_focus_inside(self) -> None:
        """The keyboard's focus is in the canvas, so its keys work."""
        expect(self.root).to_contain_class("wbc-focused")
        assert self.root.evaluate("root => root.contains(document.activeElement)")

    def expect_saved(self) -> None:
        expect(self.saving).to_have_attribute("data-saving", "saved")

    def expect_state(self, name: str, state: str) -> None:
        expect(self.block(name)).to_have_attribute("data-state", state)

    def expect_run(self, status: str) -> None:
        expect(self.status).to_have_attribute("data-status", status)
