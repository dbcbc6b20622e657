"""Stores of every released version open, are brought up to date, and their runs go on."""

from __future__ import annotations

import tarfile
from pathlib import Path
from uuid import UUID

import pytest

from tests.engine.house import House, MovedClock
from tests.engine.world import World
from tests.storage.fixtures.make import FOLDER, flows
from workbench.storage.copying import FILE
from workbench.storage.migrations.runner import load_migrations, schema_version

STORES = sorted(FOLDER.glob("*.tar.xz"))


@pytest.mark.parametrize("tables", ["kept", "rebuilt from the log"])
@pytest.mark.parametrize("store", STORES, ids=lambda p: p.name.removesuffix(".tar.xz"))
def test_a_store_of_a_released_version_goes_on(store: Path, tables: str, tmp_path: Path) -> None:
    assert store.stat().st_size < 100_000
    with tarfile.open(store) as tar:
        # Python before 3.11.4 knows no filters; our own fixture needs none there
        tar.extractall(tmp_path, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    home = tmp_path / "store"
    if tables != "kept":
        for path in home.glob(f"{FILE}*"):
            path.unlink()
    made = {(str(UUID(int=1000 + n)), 1): flow for n, flow in enumerate(flows())}
    house = House(home, World(), MovedClock(1_800_000_100_000_000), made).start()
    try:
        newest = max(m.version for m in load_migrations())
        assert house.do(house.store.read(schema_version)) == newest
        ids = house.do(
            house.store.read(lambda c: c.execute("SELECT id::VARCHAR FROM runs ORDER BY created_at, id").fetchall())
        )
        ended, stood, waited = (house.row(run_id) for (run_id,) in ids)
        assert (ended.status, ended.output) == ("completed", 100_000)
        assert house.checkpoints(ended) == {"start": "completed", "a": "completed", "b": "completed"}
        house.do(house.world.open("d"))
        assert (house.finish(stood).output, house.finish(waited).output) == (2, 7)
        assert house.world.count("t") == 1
        assert house.store.health()["ok"], house.store.health()["reasons"]
    finally:
        house.close()


def test_there_is_a_store_of_a_released_version() -> None:
    assert STORES
