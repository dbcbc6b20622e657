"""The canvas widget's Python side: what a notebook keeps of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workbench_widgets import CanvasWidget
from workbench_widgets.bundle import STATIC, bundle_path

SMALL = '<svg xmlns="http://www.w3.org/2000/svg"/>'


def test_the_state_stays_under_ten_kilobytes_whatever_the_picture() -> None:
    widget = CanvasWidget("f1", svg="<svg>" + "x" * 200_000 + "</svg>")
    assert len(json.dumps(widget.get_state(), default=str)) < 10_000
    assert CanvasWidget("f1", svg=SMALL).svg == SMALL


def test_the_notebook_keeps_the_functions_id_and_the_height() -> None:
    state = CanvasWidget("f1", height=300).get_state()
    assert (state["function_id"], state["height"]) == ("f1", 300)


def test_an_address_of_a_server_becomes_the_root_of_its_api() -> None:
    root = "http://127.0.0.1:9/api/v1/workflow"
    assert [CanvasWidget("f", api=given).api for given in ("", "http://127.0.0.1:9", root + "/")] == ["", root, root]


def test_a_saved_notebook_shows_the_picture_without_scripts() -> None:
    data, _metadata = CanvasWidget("f1", svg=SMALL)._repr_mimebundle_()
    assert data["image/svg+xml"] == SMALL
    assert "application/vnd.jupyter.widget-view+json" in data


@pytest.mark.skipif(bundle_path() is None, reason="the canvas bundle is not built: npm run build in widgets")
def test_the_kernel_gives_the_bundle_to_a_page_that_asks() -> None:
    sent: list[tuple[Any, Any]] = []

    class Heard(CanvasWidget):
        def send(self, content: Any, buffers: Any = None) -> None:
            sent.append((content, buffers))

    widget = Heard("f1")
    widget._answer(widget, {"kind": "something else"}, [])
    widget._answer(widget, {"kind": "bundle"}, [])
    ((content, buffers),) = sent
    path = bundle_path()
    assert path is not None
    assert content == {"kind": "bundle", "name": path.name}
    assert buffers == [path.read_bytes()]


@pytest.mark.skipif(bundle_path() is None, reason="the canvas bundle is not built: npm run build in widgets")
def test_the_loader_is_small_and_the_bundle_speaks_to_no_other_host() -> None:
    assert (STATIC / "loader.js").stat().st_size < 5_000
    path = bundle_path()
    assert path is not None
    text = path.read_text(encoding="utf-8")
    assert "import(" not in text
    assert "fonts.googleapis" not in text
