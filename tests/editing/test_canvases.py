"""Canvases over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.editing.conftest import data


def test_a_canvas_is_made_read_changed_and_deleted(api: httpx.Client) -> None:
    canvas = data(api.post("/canvases", json={"name": "  Sales  ", "description": "all of it"}), 201)
    assert (canvas["name"], canvas["version"], canvas["functionCount"]) == ("Sales", 1, 0)

    changed = data(api.put(f"/canvases/{canvas['id']}", json={"description": None, "expectedVersion": 1}))
    assert (changed["description"], changed["version"]) == (None, 2)

    api.post("/functions", json={"name": "f", "canvasId": canvas["id"]})
    shown = data(api.get(f"/canvases/{canvas['id']}"))
    assert [f["name"] for f in shown["functions"]] == ["f"]

    deleted = data(api.delete(f"/canvases/{canvas['id']}"))
    assert deleted["counts"] == {"canvases": 1, "functions": 1, "runs": 0, "snapshots": 0}
    assert api.get(f"/canvases/{canvas['id']}").status_code == 404
    assert api.get(f"/functions/{shown['functions'][0]['id']}").status_code == 404


def test_a_stale_writer_is_told_the_current_version(api: httpx.Client) -> None:
    canvas = data(api.post("/canvases", json={"name": "Stale"}), 201)
    data(api.put(f"/canvases/{canvas['id']}", json={"name": "Fresh"}))
    answer = api.put(f"/canvases/{canvas['id']}", json={"name": "Lost", "expectedVersion": 1})
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "VERSION_CONFLICT"
    assert answer.json()["error"]["currentVersion"] == 2
    assert data(api.get(f"/canvases/{canvas['id']}"))["name"] == "Fresh"


def test_a_change_that_changes_nothing_makes_no_version(api: httpx.Client) -> None:
    canvas = data(api.post("/canvases", json={"name": "Same"}), 201)
    assert data(api.put(f"/canvases/{canvas['id']}", json={"name": "Same"}))["version"] == 1


def test_canvases_are_listed_in_display_order(api: httpx.Client) -> None:
    made = [data(api.post("/canvases", json={"name": f"Order {i}"}), 201)["id"] for i in range(3)]
    first = api.get("/canvases", params={"q": "order ", "limit": 2}).json()
    rest = api.get("/canvases", params={"q": "order ", "limit": 2, "cursor": first["meta"]["nextCursor"]}).json()
    assert [c["id"] for c in first["data"] + rest["data"]] == made
    assert first["meta"]["total"] == 3


def test_a_function_made_while_its_canvas_is_deleted_is_there_or_was_never(api: httpx.Client) -> None:
    for _ in range(10):
        canvas = data(api.post("/canvases", json={"name": "busy"}), 201)["id"]
        with ThreadPoolExecutor(8) as pool:
            new = {"name": "late", "canvasId": canvas}
            making = [pool.submit(api.post, "/functions", json=new) for _ in range(12)]
            gone = data(pool.submit(api.delete, f"/canvases/{canvas}").result())
            made = [answer.json()["data"]["id"] for m in making if (answer := m.result()).status_code == 201]
        assert gone["counts"]["functions"] == len(made)
        assert [api.get(f"/functions/{i}").status_code for i in made] == [404] * len(made)
