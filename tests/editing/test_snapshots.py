"""Snapshots: kept, marked, found again, restored and gone with their function."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.editing.conftest import data


@pytest.fixture
def function(api: httpx.Client) -> dict[str, Any]:
    flow = {"blocks": [{"id": "a", "type": "start", "name": "start"}], "variables": {"n": 1}}
    return data(api.post("/functions", json={"name": "kept", "flow": flow}), 201)


def kept(api: httpx.Client, function: dict[str, Any], name: str, **more: Any) -> dict[str, Any]:
    return data(api.post(f"/functions/{function['id']}/snapshots", json={"name": name, **more}), 201)


def test_a_snapshot_keeps_the_flow_and_gives_it_back_as_a_new_version(
    api: httpx.Client, function: dict[str, Any]
) -> None:
    made = kept(api, function, "before the change", description="all well", tags=["good", "good", "may"])
    assert (made["tags"], made["isFavorite"], made["version"]) == (["good", "may"], False, 1)
    data(api.put(f"/functions/{function['id']}", json={"flow": {"blocks": []}}))
    restored = data(api.post(f"/snapshots/{made['id']}/restore"))
    assert (restored["version"], restored["flow"]) == (3, function["flow"])
    data(api.post("/commands/undo", json={"functionId": function["id"]}))
    assert data(api.get(f"/functions/{function['id']}"))["flow"]["blocks"] == []
    assert data(api.get(f"/snapshots/{made['id']}"))["flow"] == function["flow"]


def test_snapshots_are_found_by_mark_and_by_tag(api: httpx.Client, function: dict[str, Any]) -> None:
    first, second = kept(api, function, "first", tags=["a"]), kept(api, function, "second")
    path = f"/functions/{function['id']}/snapshots"
    assert [s["name"] for s in data(api.get(path))] == ["second", "first"]
    assert data(api.post(f"/snapshots/{first['id']}/favorite"))["isFavorite"] is True
    assert [s["id"] for s in data(api.get(path, params={"favorite": True}))] == [first["id"]]
    assert data(api.put(f"/snapshots/{second['id']}/tags", json={"tags": ["b", "c"]}))["tags"] == ["b", "c"]
    assert [s["id"] for s in data(api.get(path, params={"tag": "b"}))] == [second["id"]]
    assert data(api.post(f"/snapshots/{first['id']}/favorite"))["isFavorite"] is False
    assert data(api.post(f"/snapshots/{first['id']}/favorite", json={"isFavorite": False}))["isFavorite"] is False


def test_a_snapshot_goes_alone_or_with_its_function(api: httpx.Client, function: dict[str, Any]) -> None:
    first, second = kept(api, function, "first"), kept(api, function, "second")
    assert data(api.delete(f"/snapshots/{first['id']}"))["counts"] == {"snapshots": 1}
    assert api.get(f"/snapshots/{first['id']}").status_code == 404
    assert data(api.delete(f"/functions/{function['id']}"))["counts"]["snapshots"] == 1
    assert api.get(f"/snapshots/{second['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "x", "tags": [""]}, "tags[0]"),
        ({"name": "x", "tags": "a"}, "tags"),
        ({"name": "x", "tags": ["a\nb"]}, "tags[0]"),
    ],
)
def test_a_wrong_snapshot_is_refused_by_field(
    api: httpx.Client, function: dict[str, Any], body: dict[str, Any], field: str
) -> None:
    response = api.post(f"/functions/{function['id']}/snapshots", json=body)
    assert response.status_code == 400
    assert response.json()["error"]["details"][0]["field"] == field
