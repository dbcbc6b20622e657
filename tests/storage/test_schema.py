"""The schema and those who write it: every table has one owner, and what modules say of columns is true."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

import workbench
from workbench.opening import fact_types
from workbench.storage.columns import Given, Table
from workbench.storage.migrations.runner import load_migrations, migrate

ROOT = Path(workbench.__file__).parent
README = (ROOT / "storage" / "README.md").read_text(encoding="utf-8")
WRITES = re.compile(
    r'(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|DELETE\s+FROM|UPDATE)\s+"?([a-z_]+)"?(?=[\s(])'
    r'|=\s*Table\(\s*"([a-z_]+)",'
)


def owners() -> dict[str, set[str]]:
    """Table → the modules that README's table allows to write it."""
    part = README.split("## Owners of tables")[1].split("\n## ")[0]
    found: dict[str, set[str]] = {}
    for line in part.splitlines():
        cells = [c.strip() for c in line.strip("| ").split("|")]
        if len(cells) == 2 and "`" in cells[1]:
            for table in cells[0].split(", "):
                found[table] = set(re.findall(r"`([\w/]+\.py)`", cells[1]))
    return found


def columns() -> dict[str, dict[str, str]]:
    """Table → column → type, as the migrations make them."""
    with duckdb.connect() as connection:
        migrate(connection, load_migrations())
        rows = connection.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def sources() -> list[Path]:
    """Every Python file of the package."""
    return sorted(ROOT.rglob("*.py"))


def test_every_table_of_the_schema_has_an_owner() -> None:
    assert set(owners()) == set(columns())


def test_each_table_is_written_by_its_owner_alone() -> None:
    known, allowed = columns(), owners()
    seen: set[str] = set()
    for path in sources():
        module = path.relative_to(ROOT).as_posix()
        written = {a or b for a, b in WRITES.findall(path.read_text(encoding="utf-8"))} & set(known)
        seen |= written
        for table in written:
            assert module in allowed[table], f"{module} writes {table}, which belongs to {allowed[table]}"
    assert seen == set(known), "the pattern no longer finds how these are written"


GIVEN = {"INTEGER": "BIGINT"}
"""Types of the schema that columns are handed over in another type."""
MODULES = sorted({m for allowed in owners().values() for m in allowed if not m.startswith("storage/")})


@pytest.mark.parametrize("module", MODULES)
def test_tables_in_modules_name_real_columns_of_the_right_type(module: str) -> None:
    loaded = importlib.import_module("workbench." + module.removesuffix(".py").replace("/", "."))
    known = columns()
    tables: list[Any] = [v for v in vars(loaded).values() if isinstance(v, Table) and not isinstance(v, Given)]
    for table in tables:
        for column, kind in table.columns.items():
            found = known[table.name][column]
            assert kind.sql == GIVEN.get(found, found), f"{table.name}.{column}"


def test_ids_are_uuids() -> None:
    for table, kinds in columns().items():
        for column, kind in kinds.items():
            if column == "id" or column.endswith("_id"):
                assert kind == "UUID" or column == "block_id", f"{table}.{column} is {kind}"


def test_migrations_are_numbered_one_after_another() -> None:
    assert [m.version for m in load_migrations()] == list(range(1, len(load_migrations()) + 1))


def test_the_table_of_codes_names_every_fact_where_it_is() -> None:
    told: dict[int, str] = {}
    for codes, module in re.findall(r"^\| ([\d–, ]+) \| `(\S+\.py)` \|$", README, re.MULTILINE):
        for part in codes.split(", "):
            first, _, last = part.partition("–")
            told |= dict.fromkeys(range(int(first), int(last or first) + 1), module)
    known = {
        tag // 100: cls.__module__.removeprefix("workbench.").replace(".", "/") + ".py"
        for tag, cls in fact_types().by_tag().items()
    }
    assert told == known
