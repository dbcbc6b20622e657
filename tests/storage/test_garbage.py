"""Value files go when nothing names them any more, and never before."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from tests.storage.conftest import Opener
from tests.storage.notes import MIGRATIONS, registry, run
from workbench.base.clock import SystemClock
from workbench.base.errors import NotFound, ValueLost
from workbench.storage.columns import BLOB, TEXT, Table, delete, insert
from workbench.storage.facts import Batch, Fact, FactRegistry, FactType
from workbench.storage.migrations.runner import Migration
from workbench.storage.store import Store
from workbench.storage.value_files import Stored

SHELF = Table("shelf", {"name": TEXT, "ref": BLOB, "whole": BLOB}, key=("name",))


class Shelved(Fact, tag=900401):
    """A value stands under a name: by its reference alone, or inside another structure."""

    name: ClassVar[str] = "shelved"
    under: str
    stored: Stored
    inside: bool


class Unshelved(Fact, tag=900402):
    name: ClassVar[str] = "unshelved"
    under: str


def shelve(cursor: Any, facts: Batch) -> None:
    columns = {
        "name": [f.under for f in facts],
        "ref": [None if f.inside else f.stored.ref for f in facts],
        "whole": [msgspec.msgpack.encode(f.stored) if f.inside else None for f in facts],
    }
    insert(cursor, SHELF, columns)


def unshelve(cursor: Any, facts: Batch) -> None:
    delete(cursor, SHELF, {"name": [f.under for f in facts]})


def facts() -> FactRegistry:
    return registry(FactType(Shelved, shelve), FactType(Unshelved, unshelve, keeps_place=True))


def opened_shelf(home: Path) -> Store:
    schema = Migration(9002, "shelf", "CREATE TABLE shelf (name VARCHAR, ref BLOB, whole BLOB)")
    return Store.open(home, facts(), (*MIGRATIONS, schema), SystemClock(), segment_bytes=64 * 1024)


def age(store: Store) -> None:
    """Let every value be from long ago, and used by nobody lately."""
    for path in (store.home / "values").glob("*/*"):
        os.utime(path, (1, 1))
    store.values._used.clear()  # pyright: ignore[reportPrivateUsage]


async def put(store: Store, name: str, *, inside: bool = False) -> Stored:
    stored = store.values.put(name * 100_000)
    await store.append([Shelved(name, stored, inside)])
    store.values.unpin(stored)
    return stored


def test_a_value_goes_when_neither_tables_nor_copies_name_it(home: Path) -> None:
    async def main(store: Store) -> None:
        kept, held = await put(store, "kept"), await put(store, "held", inside=True)
        gone = await put(store, "gone", inside=True)
        age(store)
        await store.upkeep.copy()
        await store.append([Unshelved("gone")])
        await store.upkeep.copy()
        await store.upkeep.idle()
        assert store.values.load(gone) == "gone" * 100_000, "the older copy still names it"
        await store.append([Unshelved("none")])
        await store.upkeep.copy()
        await store.upkeep.idle()
        with pytest.raises(NotFound):
            store.values.load(gone)
        assert store.values.load(kept) == "kept" * 100_000
        assert store.values.load(held) == "held" * 100_000

    store = opened_shelf(home)
    run(store, main)
    store.close()


def test_a_pinned_or_a_fresh_or_a_lately_used_value_stays(home: Path) -> None:
    store = opened_shelf(home)
    pinned, fresh, used = (store.values.put(c * 100_000) for c in "pfu")
    age(store)
    store.values.unpin(fresh)
    store.values.unpin(used)
    os.utime(store.values.path(fresh.ref or b""))
    assert store.values.put("u" * 100_000) == used
    store.values.unpin(used)
    assert store.values.collect(set(), 2_000_000) == 0
    store.values.unpin(pinned)
    age(store)
    assert store.values.collect({fresh.ref or b""}, 2_000_000) == 2
    assert store.values.load(fresh) == "f" * 100_000
    store.close()


@pytest.mark.parametrize("how", ["cut", "garbage", "gone"])
def test_a_value_whose_file_is_spoiled_is_lost_and_says_so(opened: Opener, how: str) -> None:
    store = opened()
    stored = store.values.put(["x" * 50] * 3000)
    path = store.values.path(stored.ref or b"")
    data = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if how == "cut" else b"\xc1" * len(data))
    with pytest.raises(ValueLost) as raised:
        store.values.load(stored)
    assert raised.value.kind == "VALUE_LOST"
    assert raised.value.status == 404
