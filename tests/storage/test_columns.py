"""Columns to DuckDB: one statement for many rows."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from tests.storage.notes import NOTES, NoteWritten
from workbench.storage.columns import (
    BIGINT,
    BLOB,
    TEXT,
    UUID,
    Table,
    delete,
    insert,
    last_by_key,
    rolled_back,
    rows,
    update,
)

THINGS = Table("things", {"id": UUID, "other": UUID, "order": BIGINT, "text": TEXT, "raw": BLOB})


@pytest.fixture
def cursor() -> Iterator[Any]:
    with duckdb.connect() as connection:
        connection.execute(
            'CREATE TABLE things (id UUID PRIMARY KEY, other UUID, "order" BIGINT DEFAULT 7, text VARCHAR, raw BLOB)'
        )
        yield connection


def everything(cursor: Any) -> list[tuple[Any, ...]]:
    """All rows by id."""
    return cursor.execute('SELECT id, other, "order", text, raw FROM things ORDER BY id').fetchall()


A, B, C = (bytes([n]) * 16 for n in (1, 128, 255))


def test_sixteen_bytes_become_the_same_uuid(cursor: Any) -> None:
    ids = sorted(os.urandom(16) for _ in range(200))
    insert(cursor, THINGS, {"id": ids, "other": [None, *ids[1:]], "raw": ids})
    assert [(r[0].bytes, r[4]) for r in everything(cursor)] == [(i, i) for i in ids]
    assert everything(cursor)[0][1] is None
    by_bytes = cursor.execute("SELECT count(*) FROM things WHERE id = ?::BLOB::UUID", [ids[3]]).fetchall()
    by_uuid = cursor.execute("SELECT count(*) FROM things WHERE id = ?", [uuid.UUID(bytes=ids[3])]).fetchall()
    assert by_bytes == by_uuid == [(1,)]


def test_columns_left_out_get_their_defaults_and_none_is_null(cursor: Any) -> None:
    insert(cursor, THINGS, {"id": [A, B], "text": [None, ""]})
    assert [r[2:] for r in everything(cursor)] == [(7, None, None), (7, "", None)]


def test_a_conflict_is_an_error_or_replaces_or_is_ignored(cursor: Any) -> None:
    insert(cursor, THINGS, {"id": [A], "text": ["one"], "order": [1]})
    with pytest.raises(duckdb.ConstraintException):
        insert(cursor, THINGS, {"id": [A], "text": ["two"]})
    insert(cursor, THINGS, {"id": [A, B], "text": ["two", "b"]}, "ignore")
    assert [r[3] for r in everything(cursor)] == ["one", "b"]
    insert(cursor, THINGS, {"id": [A, C], "text": ["three", "c"], "order": [3, 3]}, "replace")
    assert [r[2:4] for r in everything(cursor)] == [(3, "three"), (7, "b"), (3, "c")]


def test_update_and_delete_ignore_rows_that_are_not_there(cursor: Any) -> None:
    insert(cursor, THINGS, {"id": [A, B], "text": ["a", "b"]})
    update(cursor, THINGS, {"id": [B, C], "text": ["B", "C"], "order": [1, 2]})
    assert [r[2:4] for r in everything(cursor)] == [(7, "a"), (1, "B")]
    delete(cursor, THINGS, {"id": [A, C]})
    assert [r[3] for r in everything(cursor)] == ["B"]


def test_a_half_read_result_does_not_stand_in_the_way(cursor: Any) -> None:
    assert cursor.execute("SELECT * FROM range(100000)").fetchone() == (0,)
    insert(cursor, THINGS, {"id": [A]})
    assert len(everything(cursor)) == 1


def test_statements_of_ones_own_read_the_columns(cursor: Any) -> None:
    insert(cursor, THINGS, {"id": [A, B]})
    with rows(cursor, THINGS, {"id": [B]}) as view:
        found = cursor.execute(f"SELECT count(*) FROM things WHERE id IN (SELECT id FROM {view})").fetchall()
    assert found == [(1,)]
    with pytest.raises(duckdb.CatalogException):
        cursor.execute("SELECT * FROM _rows")


def test_rollbacks_leave_nothing_behind_in_the_connection(cursor: Any) -> None:
    def written(ends_with: str) -> tuple[int, ...]:
        cursor.execute("BEGIN")
        insert(cursor, THINGS, {"id": [A], "text": ["x"]})
        cursor.execute(ends_with)
        if ends_with == "ROLLBACK":
            rolled_back(cursor)
        views = cursor.execute("SELECT count(*) FROM duckdb_views() WHERE starts_with(view_name, '_rows')").fetchall()
        statements = cursor.execute("SELECT count(*) FROM duckdb_prepared_statements()").fetchall()
        return views[0][0], statements[0][0]

    statements = [written("ROLLBACK")[1] for _ in range(20)]
    assert set(statements) == {1}
    assert written("COMMIT") == (2, 1)
    assert [r[3] for r in everything(cursor)] == ["x"]


def test_the_last_fact_of_a_key_wins_in_order_of_first_sight() -> None:
    facts = [NoteWritten(A, "1"), NoteWritten(B, "2"), NoteWritten(A, "3")]
    assert [f.text for f in last_by_key(facts, "id")] == ["3", "2"]
    assert [f.text for f in last_by_key(facts, "id", "text")] == ["1", "2", "3"]


def test_a_table_names_only_columns_it_knows(cursor: Any) -> None:
    with pytest.raises(KeyError, match="nonsense"):
        insert(cursor, NOTES, {"nonsense": [1]})
