"""Values come back exactly as they went in, or are refused."""

from __future__ import annotations

import enum
import math
import threading
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from time import thread_time
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from workbench.base.errors import BlockFailed, InvalidState, NotFound
from workbench.base.probe import listen
from workbench.storage.value_files import INLINE_BYTES, NONE, PENDING, ValueStore
from workbench.storage.values import MAX_DEPTH, PIECE_BYTES, decode, encode, encode_in_pieces, is_large, to_json

zones = st.sampled_from([None, UTC, timezone(timedelta(hours=-3, minutes=-30)), ZoneInfo("Europe/Berlin")])
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.dates()
    | st.datetimes(timezones=zones)
    | st.times()
    | st.timedeltas()
)
values = st.recursive(scalars, lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=20)


def same(a: Any, b: Any) -> bool:
    """Equal in type and value; NaN equals NaN, and 0.0 is not -0.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, pl.DataFrame):
        return a.equals(b) and a.schema == b.schema
    if isinstance(a, datetime | time):
        return a == b and a.fold == b.fold and str(a.tzinfo) == str(b.tzinfo)
    return bool(a == b)


@given(values)
def test_every_wire_value_comes_back_as_it_was(value: Any) -> None:
    assert same(decode(encode(value)), value)


LARGE = [
    ["x" * 1000] * 1000,
    list(range(300_000)),
    {"rows": [{"name": "x" * 100, "n": [1, 2.5, None]}] * 40_000},
    [[["x" * 1000] * 10] * 10] * 10,
    {"x" * 1000 + str(i): {"z": [i]} for i in range(300)},
    [[] for _ in range(70_000)],
]


@pytest.mark.parametrize("value", LARGE, ids=range(len(LARGE)))
def test_a_large_value_is_encoded_in_small_pieces_to_the_same_bytes(value: Any) -> None:
    assert is_large(value)
    pieces = list(encode_in_pieces(value))
    assert max(map(len, pieces)) <= 2 * PIECE_BYTES
    assert b"".join(pieces) == encode(value)


@given(values)
def test_a_value_in_pieces_is_the_same(value: Any) -> None:
    assert b"".join(encode_in_pieces(value)) == encode(value)


@pytest.mark.parametrize("value", [None, 1, "x" * 1000, [1] * 1000, {"a": ["b", {"c": 1.5}]}, [[]] * 1000])
def test_what_is_small_is_not_taken_for_large(value: Any) -> None:
    assert not is_large(value)


def test_20_megabytes_hold_the_interpreter_for_20_milliseconds_at_most() -> None:
    rows = [{"name": f"{i:088}"} for i in range(200_000)]
    started = thread_time()
    assert is_large(rows)
    longest = thread_time() - started
    pieces = encode_in_pieces(rows)
    size = 0
    while True:
        started = thread_time()
        piece = next(pieces, None)
        longest = max(longest, thread_time() - started)
        if piece is None:
            break
        size += len(piece)
    assert size > 18_000_000
    assert longest < 0.02


@given(values)
def test_every_wire_value_is_json_ready(value: Any) -> None:
    def check(v: Any) -> None:
        assert v is None or type(v) in {bool, int, float, str, list, dict}
        assert not isinstance(v, float) or math.isfinite(v)
        for inner in v.values() if isinstance(v, dict) else v if isinstance(v, list) else ():
            check(inner)

    check(to_json(value))


@pytest.mark.parametrize("value", [2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**400, -(10**400)])
def test_whole_numbers_of_any_size(value: int) -> None:
    assert decode(encode([value, {"n": value}])) == [value, {"n": value}]


def test_the_second_two_oclock_of_a_clock_change_stays_the_second() -> None:
    moment = datetime(2025, 10, 26, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)
    back = decode(encode(moment))
    assert back.utcoffset() == timedelta(hours=1)
    assert back.tzinfo == ZoneInfo("Europe/Berlin")


class Colour(enum.StrEnum):
    RED = "red"


def test_subclasses_become_their_plain_base() -> None:
    back = decode(encode({"a": np.float64(1.5), "b": Colour.RED}))
    assert back == {"a": 1.5, "b": "red"}
    assert type(back["a"]) is float
    assert type(back["b"]) is str


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (object(), "it is a object"),
        ({"a": [1, {2, 3}]}, "at a[1] cannot be stored: it is a set"),
        ((1, 2), "it is a tuple"),
        (b"x", "it is a bytes"),
        ({1: "x"}, "the key 1; keys must be text"),
        (Decimal(1), "decimal.Decimal"),
        ("\ud800", "lone surrogate"),
        ({"a": 2**70, "b": "\ud800"}, "lone surrogate"),
        (lambda: 0, "function"),
    ],
)
def test_what_is_no_wire_value_is_refused(value: Any, says: str) -> None:
    with pytest.raises(BlockFailed) as raised:
        encode(value)
    assert says in str(raised.value)
    assert raised.value.kind == "CONFIG"


def test_depth_has_a_limit() -> None:
    def nested(depth: int) -> Any:
        value: Any = 1
        for _ in range(depth):
            value = [value]
        return value

    assert decode(encode(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    with pytest.raises(BlockFailed) as raised:
        encode(nested(5000))
    assert raised.value.kind == "OUTPUT_LIMIT"
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(BlockFailed):
        encode(loop)


# --- tables -----------------------------------------------------------------------------------------------------------

TABLES = {
    "plain": pl.DataFrame(
        {"a": [1, None, 3], "b": ["x", "", None], "c": [1.5, math.nan, None], "d": [True, None, False]}
    ),
    "empty": pl.DataFrame(),
    "no rows": pl.DataFrame(schema={"a": pl.Int8, "b": pl.String}),
    "nested": pl.DataFrame({"l": [[1, 2], [], None], "s": [{"x": 1, "y": ["a"]}, {"x": None, "y": []}, None]}),
    "array": pl.DataFrame({"a": [[1, 2], [3, 4]]}, schema={"a": pl.Array(pl.Int32, 2)}),
    "categorical": pl.DataFrame({"c": ["b", "a", None, "b"]}, schema={"c": pl.Categorical}),
    "enum": pl.DataFrame({"e": ["lo", "hi", None]}, schema={"e": pl.Enum(["lo", "hi", "never"])}),
    "times": pl.DataFrame(
        {
            "date": [date(2020, 2, 29), None],
            "naive": [datetime.fromisoformat("2020-01-01T01:02:03.000004"), None],
            "zoned": pl.Series([datetime(2020, 1, 1, tzinfo=UTC), None], dtype=pl.Datetime("ns", "Europe/Berlin")),
            "time": [time(1, 2, 3), None],
            "span": [timedelta(days=1, microseconds=7), None],
        }
    ),
    "decimal": pl.DataFrame({"d": [Decimal("1.25"), None]}, schema={"d": pl.Decimal(20, 2)}),
    "wide ints": pl.DataFrame({"u": [2**64 - 1], "i": [-(2**63)]}, schema={"u": pl.UInt64, "i": pl.Int64}),
    "nothing": pl.DataFrame({"n": [None, None]}),
    "bytes": pl.DataFrame({"b": [b"\x00\xff", None]}),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_come_back_with_their_types(tmp_path: Path, name: str) -> None:
    table = TABLES[name]
    store = ValueStore(tmp_path)
    inline = store.put(table)
    assert inline.kind == "table"
    assert_frame_equal(store.load(inline), table, categorical_as_str=False)
    assert_frame_equal(decode(encode({"t": [table]}))["t"][0], table)
    if table.height:
        large = pl.concat([table] * (200_000 // table.height), rechunk=False)
        stored = store.put(large)
        assert (stored.ref is None) == (name == "nothing")
        assert_frame_equal(store.load(stored), large)


def test_a_table_of_python_objects_is_refused(tmp_path: Path) -> None:
    table = pl.DataFrame({"o": [object()]}, schema={"o": pl.Object})
    with pytest.raises(BlockFailed, match="'o' holds Python objects"):
        ValueStore(tmp_path).put(table)


def test_a_table_in_json_is_a_preview() -> None:
    table = pl.DataFrame({"a": range(500), "at": [date(2020, 1, 1)] * 500, "f": [math.nan] * 500})
    shown = to_json({"t": table})["t"]["$table"]
    assert shown["rows"] == 500
    assert shown["columns"] == [
        {"name": "a", "type": "Int64"},
        {"name": "at", "type": "Date"},
        {"name": "f", "type": "Float64"},
    ]
    assert len(shown["preview"]) == 100
    assert shown["preview"][0] == {"a": 0, "at": "2020-01-01", "f": None}


# --- files ------------------------------------------------------------------------------------------------------------


def files(folder: Path) -> list[Path]:
    """Everything below a folder."""
    return [p for p in folder.rglob("*") if p.is_file()]


def test_small_values_stand_in_the_fact_and_large_ones_in_one_file(tmp_path: Path) -> None:
    store = ValueStore(tmp_path)
    small = store.put({"a": 1})
    assert (small.kind, small.ref) == ("json", None)
    assert store.load(small) == {"a": 1}
    value = {"big": "x" * INLINE_BYTES, "n": list(range(1000))}
    one, two = store.put(value), ValueStore(tmp_path).put(dict(value))
    assert one == two
    assert one.inline is None
    assert len(files(tmp_path)) == 1
    assert store.load(one) == value
    assert one.summary == {"preview": {"big": "x" * 200, "n": list(range(10))}}


def test_the_same_table_in_other_chunks_is_the_same_file(tmp_path: Path) -> None:
    store = ValueStore(tmp_path)
    table = pl.DataFrame({"a": range(50_000), "s": [f"row {i}" for i in range(50_000)]})
    pieces = pl.concat([table[:20_000], table[20_000:]], rechunk=False)
    assert store.put(table).ref == store.put(pieces).ref
    assert len(files(tmp_path)) == 1


def test_a_very_large_table_goes_through_a_file_and_is_mapped(tmp_path: Path) -> None:
    store = ValueStore(tmp_path)
    table = pl.DataFrame({"a": np.arange(3_000_000), "b": np.arange(3_000_000) * 0.5})
    one, two = store.put(table), store.put(table)
    assert one == two
    assert one.bytes > 40_000_000
    assert one.summary is not None
    assert one.summary["rows"] == 3_000_000
    assert one.summary["columns"] == [["a", "Int64"], ["b", "Float64"]]
    assert len(files(tmp_path)) == 1
    assert_frame_equal(store.load(one), table)


def test_summaries_stay_small(tmp_path: Path) -> None:
    store = ValueStore(tmp_path)
    wide = store.put(pl.DataFrame({f"c{i}": ["y" * 5000] * 20 for i in range(50)}))
    deep = store.put({f"k{i}": ["z" * 300] * 50 for i in range(500)})
    assert len(str(wide.summary)) < 10_000
    assert len(str(deep.summary)) < 10_000


def test_no_value_a_value_not_kept_and_a_file_that_is_gone(tmp_path: Path) -> None:
    store = ValueStore(tmp_path)
    assert store.load(NONE) is None
    with pytest.raises(InvalidState):
        store.load(PENDING)
    stored = store.put("x" * 100_000)
    assert stored.ref is not None
    store.path(stored.ref).unlink()
    with pytest.raises(NotFound):
        store.load(stored)


def test_a_value_is_pinned_until_its_record_is_logged(tmp_path: Path) -> None:
    store = ValueStore(tmp_path)
    one, two = store.put("x" * 100_000), store.put("x" * 100_000)
    assert one.ref is not None
    store.unpin(one)
    assert store.is_pinned(one.ref)
    store.unpin(two)
    assert not store.is_pinned(one.ref)


def test_a_write_that_ends_before_its_rename_leaves_no_value_and_no_litter(tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def hook(name: str) -> None:
        if name == "values.before_rename":
            raise Stopped

    store = ValueStore(tmp_path)
    listen(hook)
    try:
        with pytest.raises(Stopped):
            store.put("x" * 100_000)
    finally:
        listen(None)
    assert files(tmp_path) == []
    assert store.load(store.put("x" * 100_000)) == "x" * 100_000


def test_many_threads_may_put_the_same_value(tmp_path: Path) -> None:
    store = ValueStore(tmp_path)
    value = list(range(50_000))
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(store.put(value))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({f.ref for f in found}) == 1
    assert len(files(tmp_path)) == 1
    assert store.load(found[0]) == value
