"""Where the built front end lies: the loader that widgets carry, and the canvas bundle that it loads."""

from __future__ import annotations

import json
from pathlib import Path

STATIC = Path(__file__).parent / "static"

_NOT_BUILT = """export default { render({ el }) {
  el.textContent = "The canvas is not built: run `npm ci && npm run build` in the folder widgets, then restart.";
} };
"""


def loader_source() -> str:
    """The ES module that every widget carries, or one that says how to build it."""
    path = STATIC / "loader.js"
    return path.read_text(encoding="utf-8") if path.exists() else _NOT_BUILT


def bundle_path() -> Path | None:
    """The canvas bundle's file, or None when it is not built."""
    manifest = STATIC / "manifest.json"
    if not manifest.exists():
        return None
    path = STATIC / json.loads(manifest.read_text(encoding="utf-8"))["canvas"]
    return path if path.exists() else None
