"""The widgets' bundle: files that the manifest names, for ever cacheable, without a key; nothing else."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.api.test_envelope import error_of
from tests.serving import running
from workbench.api.app import create_app


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("static")
    (folder / "canvas-abc123.js").write_text("export default 1")
    (folder / "style-abc123.css").write_text("a {}")
    (folder / "private.js").write_text("no")
    (folder.parent / "outside.js").write_text("no")
    manifest = {"canvas": {"file": "canvas-abc123.js", "css": ["style-abc123.css"]}, "bad": "../outside.js"}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with running(tmp_path_factory.mktemp("home")) as bench:
        app = create_app(replace(bench.workbench.services, static_dir=folder))
        bench.address = bench.workbench.serve_app(app)
        yield bench.client("")


def test_a_bundle_file_is_served_for_ever_and_without_a_key(client):
    response = client.get("/static/canvas-abc123.js")
    assert response.text == "export default 1"
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/style-abc123.css").headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(
    "name", ["private.js", "manifest.json", "..%2Foutside.js", "%2e%2e/outside.js", "nope.js", "x%00.js"]
)
def test_nothing_else_is_served(client, name):
    error_of(client.get(f"/static/{name}"), 404, "NOT_FOUND")
