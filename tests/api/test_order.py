"""Checks come in one order: 401, 403, 404, 400, 409, 422."""

from __future__ import annotations

from tests.api.feature import THING
from tests.api.test_envelope import error_of

OTHER = "01900000-0000-7000-8000-00000000000b"
BROKEN = {"content": b"{", "headers": {"Content-Type": "application/json"}}


def test_401_comes_before_everything(bench):
    for key in ("", "wb_wrong"):
        nobody = bench.client(key)
        error_of(nobody.put(f"/things/{OTHER}", **BROKEN), 401, "AUTHENTICATION_ERROR")
        error_of(nobody.get("/nope"), 401, "AUTHENTICATION_ERROR")


def test_403_comes_before_404_and_400(bench):
    reader = bench.client(bench.make_key("reader", "read"))
    error = error_of(reader.put(f"/things/{OTHER}", **BROKEN), 403, "AUTHORIZATION_ERROR")
    assert "write" in error["message"]


def test_404_comes_before_400_whatever_is_wrong_with_the_body(client):
    error_of(client.put(f"/things/{OTHER}", **BROKEN), 404, "NOT_FOUND")
    error_of(client.put(f"/things/{OTHER}", json={"colour": 1}), 404, "NOT_FOUND")
    error_of(client.put(f"/things/{OTHER}", content=b"x", headers={"Content-Type": "text/plain"}), 404, "NOT_FOUND")
    error_of(client.put("/things/no-uuid", json={"colour": 1}), 404, "NOT_FOUND")


def test_400_comes_before_409_and_422(client):
    body = {"expectedVersion": 409, "colour": 1}
    error_of(client.put(f"/things/{THING}", json=body), 400, "VALIDATION_ERROR")
    error_of(client.put(f"/things/{THING}", json={"expectedVersion": 409}), 409, "CONFLICT")
    error_of(client.put(f"/things/{THING}", json={"expectedVersion": 422}), 422, "FLOW_INVALID")
