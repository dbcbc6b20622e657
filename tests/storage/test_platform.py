"""Bytes reach the disk on systems without `RWF_DSYNC` too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.storage.conftest import Opener
from tests.storage.notes import LineAdded
from workbench.storage import platform


def test_a_store_works_where_a_write_cannot_sync_by_itself(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "_DSYNC", 0)
    store = opened()
    assert store.append([LineAdded("a")]).result(10) == 1
    store.close()
    assert opened().health()["durableSeq"] == 1


def test_writing_at_an_offset_works_without_pwrite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pwrite")
    fd = os.open(tmp_path / "f", os.O_RDWR | os.O_CREAT)
    platform.write_at(fd, b"0123456789", 0)
    platform.write_at(fd, b"ab", 4)
    os.close(fd)
    assert (tmp_path / "f").read_bytes() == b"0123ab6789"
