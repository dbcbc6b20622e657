"""The checked-in OpenAPI document. ``python -m tests.api.openapi_file`` (or ``make openapi``) writes it anew."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from workbench.assembly import open_workbench
from workbench.base.settings import Settings

FILE = Path(__file__).parents[2] / "docs" / "openapi.json"


def document_text() -> str:
    """The document that the code makes, the same on every machine: keys sorted, the installed version left out."""
    with tempfile.TemporaryDirectory() as home:
        workbench = open_workbench(Settings.load(environ={}, home=home))
        workbench.start()
        try:
            document = workbench.app.openapi()
        finally:
            workbench.stop()
    document = {**document, "info": {**document["info"], "version": "1"}}
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(document_text(), encoding="utf-8")
