"""The OpenAPI document: 3.1, our operation ids, security, and the error envelope on every operation."""

from __future__ import annotations

import pytest

from workbench.api.layers import PREFIX


@pytest.fixture(scope="module")
def document(bench):
    return bench.client("").get("/openapi.json").json()


def operations(document):
    return [op for path in document["paths"].values() for op in path.values()]


def test_it_is_openapi_3_1_and_needs_no_key(document):
    assert document["openapi"].startswith("3.1.")
    assert all(path.startswith(PREFIX) for path in document["paths"])


def test_operation_ids_are_ours_and_unique(document):
    ids = [op["operationId"] for op in operations(document)]
    assert len(ids) == len(set(ids))
    assert {"createWorkspace", "listApiKeys", "streamEvents", "getHealth", "getOpenApi", "updateThing"} <= set(ids)


def test_every_operation_documents_its_errors_and_its_security(document):
    for operation in operations(document):
        assert operation["responses"]["500"] == {"$ref": "#/components/responses/Internal"}
        assert "HTTPValidationError" not in str(operation)
        is_open = operation["operationId"] in {"getHealth", "getOpenApi", "getStatic"}
        assert operation["security"] == ([] if is_open else [{"ApiKey": []}, {"JupyterToken": []}])
        assert is_open == ("401" not in operation["responses"])


def test_bodies_answers_and_path_names_have_wire_names(document):
    update = document["paths"][f"{PREFIX}/things/{{thingId}}"]["put"]
    assert "thingId" in [p.get("name") for p in update["parameters"]]
    schema = update["requestBody"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/ThingChange"}
    fields = document["components"]["schemas"]["ThingChange"]["properties"]
    assert set(fields) == {"name", "flow", "dueAt", "expectedVersion"}
    assert "#/components/schemas/" in update["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]


def test_every_post_takes_an_idempotency_key(document):
    for path in document["paths"].values():
        for method, operation in path.items():
            takes = {"$ref": "#/components/parameters/IdempotencyKey"} in operation["parameters"]
            assert takes == (method == "post")


def test_every_reference_resolves(document):
    def walk(node):
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                target = document
                for part in node["$ref"].removeprefix("#/").split("/"):
                    target = target[part]
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(document)


def test_streams_are_documented_as_streams(document):
    assert "text/event-stream" in document["paths"][f"{PREFIX}/events"]["get"]["responses"]["200"]["content"]
