"""Secrets over HTTP. No operation answers a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from workbench.rest.answers import ok
from workbench.rest.caller import Caller
from workbench.rest.deleted import Deleted
from workbench.rest.dependencies import CallerDep, PageDep
from workbench.rest.operation import Operations
from workbench.secrets.models import NAME_PATTERN, Rotated, Rotation, Secret, SecretChange
from workbench.secrets.service import Secrets

_SAID = "A letter or `_`, then letters, digits, `_`."
SecretName = Annotated[str, Path(alias="secretName", description=_SAID)]
"""Of a secret that there is: any other text names none."""
NewSecretName = Annotated[str, Path(alias="secretName", pattern=NAME_PATTERN, description=_SAID)]


def routes(secrets: Secrets) -> APIRouter:
    """The feature's operations."""
    api = Operations("Secrets")

    async def exists(caller: Caller, path: Mapping[str, str]) -> None:
        await secrets.exists(caller, path["secretName"])

    @api.get("/secrets", "listSecrets", answers=list[Secret])
    async def list_secrets(caller: CallerDep, page: PageDep) -> Response:
        """The workspace's secrets by name, without their values, and which functions name them."""
        return ok(await secrets.list(caller, page))

    @api.post("/secrets/rotate", "rotateSecrets", scope="admin", answers=Rotated, for_operator=True, or_operator=True)
    async def rotate(caller: CallerDep, body: Rotation) -> Response:
        """Encrypt every secret of every workspace with a new key, and throw the old one away."""
        return ok(await secrets.rotate(caller, body))

    @api.get("/secrets/{secretName}", "getSecret", answers=Secret, exists=exists)
    async def get_secret(caller: CallerDep, secret_name: SecretName) -> Response:
        """A secret without its value: nothing ever answers that."""
        return ok(await secrets.get(caller, secret_name))

    @api.put("/secrets/{secretName}", "setSecret", scope="admin", answers=Secret, has_secret=True, or_operator=True)
    async def set_secret(caller: CallerDep, secret_name: NewSecretName, body: SecretChange) -> Response:
        """Make a secret, or change its value or description. What reads it next reads the new value."""
        return ok(await secrets.put(caller, secret_name, body))

    @api.delete(
        "/secrets/{secretName}", "deleteSecret", scope="admin", answers=Deleted, exists=exists, or_operator=True
    )
    async def delete_secret(caller: CallerDep, secret_name: SecretName) -> Response:
        """Delete a secret. Blocks that name it fail from now on."""
        return ok(await secrets.delete(caller, secret_name))

    return api.router
