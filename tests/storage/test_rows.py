"""Facts that keep their place: alone, or with those of their class that follow each other directly."""

from __future__ import annotations

from typing import Any

import duckdb

from tests.serving import MovableClock
from workbench.storage.encoding import Encoding
from workbench.storage.facts import Batch, Fact, FactRegistry, FactType
from workbench.storage.writing import Writer, entries_of


class Plain(Fact, tag=9101, frozen=True):
    """Its batch may move."""

    name = "test.plain"
    n: int


class Alone(Fact, tag=9001, frozen=True):
    """It keeps its place."""

    name = "test.alone"
    n: int


class InRow(Fact, tag=9201, frozen=True):
    """It keeps its place, with its like."""

    name = "test.in_row"
    n: int


def batches(*facts: Fact) -> list[list[Fact]]:
    """The batches in which these facts are applied, one after the other."""
    seen: list[list[Fact]] = []

    def see(cursor: Any, batch: Batch) -> None:
        del cursor
        assert len(batch) == len(batch.seqs) == len(batch.workspaces)
        seen.append(list(batch))

    registry = FactRegistry()
    registry.add(
        FactType(Plain, see),
        FactType(Alone, see, keeps_place=True),
        FactType(InRow, see, keeps_place=True, in_a_row=True),
    )
    with duckdb.connect() as connection:
        writer = Writer(connection, registry, Encoding(registry), MovableClock())
        writer.run(entries_of(1, None, facts))
    return seen


def test_facts_in_a_row_are_one_batch_and_nothing_is_moved_past_them() -> None:
    a, b, c, d = (InRow(n) for n in range(4))
    p, q, x = Plain(1), Plain(2), Alone(1)
    assert batches(a, b, c) == [[a, b, c]]
    assert batches(p, a, b, q, c) == [[p], [a, b], [q], [c]]
    assert batches(a, x, b, x, p, q, c, d, x) == [[a], [x], [b], [x], [p, q], [c, d], [x]]
    assert batches(x, x, a) == [[x], [x], [a]]
