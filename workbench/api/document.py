"""The OpenAPI 3.1 document: FastAPI's, with our security schemes, headers and the error envelope on every operation."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

REF = "#/components/{}/{}"
ERRORS = {
    "400": ("BadRequest", "VALIDATION_ERROR: the request is not well formed"),
    "401": ("Unauthenticated", "AUTHENTICATION_ERROR: no valid key or login"),
    "403": ("Forbidden", "AUTHORIZATION_ERROR: the scope or the workspace does not allow it"),
    "404": ("NotFound", "NOT_FOUND: no such resource in this workspace"),
    "409": ("Conflict", "CONFLICT, VERSION_CONFLICT or INVALID_STATE"),
    "413": ("TooLarge", "PAYLOAD_TOO_LARGE: the body is over the limit"),
    "415": ("NotJson", "UNSUPPORTED_MEDIA_TYPE: the body is not JSON"),
    "422": ("FlowInvalid", "FLOW_INVALID: well formed, but the flow does not validate"),
    "429": ("RateLimited", "RATE_LIMITED: come back after Retry-After"),
    "500": ("Internal", "INTERNAL_ERROR: not the caller's doing"),
    "503": ("Unavailable", "UNAVAILABLE: the store or the engine cannot take work now"),
}
ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["success", "error", "requestId"],
    "properties": {
        "success": {"const": False},
        "error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "hint": {"type": "string"},
                "details": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["field", "issue"],
                        "properties": {"field": {"type": "string"}, "issue": {"type": "string"}},
                    },
                },
            },
        },
        "requestId": {"type": "string"},
    },
}
SECURITY = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "JupyterToken": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "``token <Jupyter token>``; a cookie login works too, with Jupyter's XSRF rules.",
    },
}
HEADERS = {
    "WorkspaceId": (
        "X-Workspace-Id",
        "The workspace; a key knows its own, a Jupyter login has the default one.",
        "uuid",
    ),
    "RequestId": ("X-Request-Id", "Comes back in the answer and stands in the log.", None),
    "IdempotencyKey": ("Idempotency-Key", "The same key and body within 24 hours give the first answer again.", None),
}
OPEN = {"getHealth", "getOpenApi", "getStatic"}


def install(app: FastAPI) -> None:
    """Make `app.openapi()` give our document, made once."""
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(build(app))
        return made

    app.openapi = openapi  # type: ignore[method-assign]


def build(app: FastAPI) -> dict[str, Any]:
    """The document."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        description=app.description,
        routes=app.routes,
        separate_input_output_schemas=False,
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = SECURITY
    schemas = components.setdefault("schemas", {})
    schemas["Error"] = ERROR_SCHEMA
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["responses"] = {name: _error_response(text) for name, text in ERRORS.values()}
    components["parameters"] = {key: _header(*spec) for key, spec in HEADERS.items()}
    for path in document["paths"].values():
        for method, operation in path.items():
            _complete(method, operation)
    return document


def _error_response(text: str) -> dict[str, Any]:
    schema = {"$ref": REF.format("schemas", "Error")}
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _header(name: str, text: str, form: str | None) -> dict[str, Any]:
    schema = {"type": "string"} | ({"format": form} if form else {})
    return {"name": name, "in": "header", "required": False, "description": text, "schema": schema}


def _complete(method: str, operation: dict[str, Any]) -> None:
    """Add what every operation has: errors, security, headers."""
    is_open = operation["operationId"] in OPEN
    operation["security"] = [] if is_open else [{name: []} for name in SECURITY]
    responses = operation["responses"]
    responses.pop("422", None)
    codes = {"404", "500", "503"} if is_open else set(ERRORS)
    if "requestBody" not in operation:
        codes -= {"413", "415"}
    if method == "get":
        codes -= {"409", "422"}
    for code in sorted(codes):
        responses.setdefault(code, {"$ref": REF.format("responses", ERRORS[code][0])})
    keys = ["RequestId"] if is_open else ["RequestId", "WorkspaceId"]
    if method == "post" and not is_open:
        keys.append("IdempotencyKey")
    operation.setdefault("parameters", []).extend({"$ref": REF.format("parameters", k)} for k in keys)
