"""One workbench for this folder's tests."""

from tests.editing.conftest import api, bench

__all__ = ["api", "bench"]
