"""Who calls: the key alone decides; only the bridge inside the process can vouch for a Jupyter user."""

from __future__ import annotations

import pytest

from tests.api.test_envelope import error_of
from workbench.access.identity import DEFAULT_WORKSPACE

OTHER = "01900000-0000-7000-8000-00000000000a"


@pytest.fixture(scope="module")
def bridge(bench):
    """A client whose requests come through an in-process bridge that knows the Jupyter user."""

    async def app(scope, receive, send):
        if scope["type"] == "http":
            scope["workbench.identity"] = {"user": "ada", "scopes": ["read", "write", "execute", "admin"]}
        await bench.workbench.app(scope, receive, send)

    def client(key="", **headers):
        own, bench.address = bench.address, bench.workbench.serve_app(app)
        try:
            return bench.client(key, **headers)
        finally:
            bench.address = own

    return client


def test_without_a_key_or_a_login_it_is_401(bench):
    nobody = bench.client("")
    error_of(nobody.get("/workspaces"), 401, "AUTHENTICATION_ERROR")
    for header in ("workbench.identity", "X-Workbench-Identity", "Authorization", "Cookie"):
        error_of(nobody.get("/workspaces", headers={header: "admin"}), 401, "AUTHENTICATION_ERROR")


def test_a_wrong_key_is_401_even_with_the_right_prefix(bench):
    wrong = bench.admin_key[:-1] + ("a" if bench.admin_key[-1] != "a" else "b")
    for key in (wrong, bench.admin_key[:13], "x", "é".encode()):
        response = bench.client("").get("/workspaces", headers={"X-API-Key": key})
        error_of(response, 401, "AUTHENTICATION_ERROR")


def test_a_login_works_in_the_default_workspace(bridge):
    ids = [w["id"] for w in bridge().get("/workspaces").json()["data"]]
    assert DEFAULT_WORKSPACE in ids


def test_a_wrong_key_never_falls_back_to_the_login(bridge):
    error_of(bridge("wb_wrong").get("/workspaces"), 401, "AUTHENTICATION_ERROR")
    error_of(bridge().get("/workspaces", headers={"X-API-Key": ""}), 401, "AUTHENTICATION_ERROR")


def test_a_login_may_name_a_workspace_that_exists(bridge, client):
    workspace = client.post("/workspaces", json={"name": "w"}).json()["data"]["id"]
    made = bridge(**{"X-Workspace-Id": workspace}).post("/api-keys", json={"name": "k"})
    assert made.json()["data"]["workspaceId"] == workspace
    error_of(bridge(**{"X-Workspace-Id": OTHER}).get("/workspaces"), 404, "NOT_FOUND")


def test_a_key_knows_its_workspace_and_refuses_another(bench):
    assert bench.client(**{"X-Workspace-Id": DEFAULT_WORKSPACE}).get("/workspaces").status_code == 200
    error_of(bench.client(**{"X-Workspace-Id": OTHER}).get("/workspaces"), 403, "AUTHORIZATION_ERROR")


def test_a_workspace_id_that_is_no_uuid_is_400(bench, bridge):
    for caller in (bench.client(**{"X-Workspace-Id": "mine"}), bridge(**{"X-Workspace-Id": "mine"})):
        error = error_of(caller.get("/workspaces"), 400, "VALIDATION_ERROR")
        assert error["details"][0]["field"] == "X-Workspace-Id"


def test_a_kernels_key_works_until_the_process_ends_and_is_no_admin(bench):
    kernel = bench.client(bench.workbench.access.add_kernel_key())
    assert kernel.get("/workspaces").status_code == 200
    error_of(kernel.get("/api-keys"), 403, "AUTHORIZATION_ERROR")
