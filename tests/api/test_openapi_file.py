"""The OpenAPI document and the widgets' types in the repository are those that the code makes."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.api.openapi_file import FILE, document_text

WIDGETS = FILE.parents[1] / "widgets"
TYPES = WIDGETS / "src" / "core" / "openapi.d.ts"
TOOL = WIDGETS / "node_modules" / ".bin" / "openapi-typescript"


def test_the_checked_in_document_is_what_the_code_makes():
    assert FILE.read_text(encoding="utf-8") == document_text(), "`make openapi` writes it anew"


@pytest.mark.skipif(
    not TOOL.exists() or shutil.which("node") is None,
    reason="openapi-typescript or node is missing: npm ci in widgets",
)
def test_the_widgets_types_are_made_from_the_document(tmp_path):
    made = tmp_path / "openapi.d.ts"
    subprocess.run([str(TOOL), str(FILE), "-o", str(made)], cwd=WIDGETS, check=True, capture_output=True)
    assert made.read_text(encoding="utf-8") == TYPES.read_text(encoding="utf-8"), "`make openapi` writes them anew"
