"""Wire shapes of secrets. None of them has a value but the body that sets it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from workbench.base.times import Time
from workbench.base.wire import Flag, WholeNumber, Wire

NAME_PATTERN = "^[A-Za-z_][A-Za-z0-9_]{0,63}$"
MOST_BYTES = 64 * 1024
MOST_SECRETS = 1000
"""Of one workspace."""


def _fits(value: str) -> str:
    if len(value) > MOST_BYTES or len(value.encode()) > MOST_BYTES:
        raise ValueError(f"must have at most {MOST_BYTES:,} bytes as UTF-8")
    return value


class SecretChange(Wire):
    """Body of PUT /secrets/{secretName}. `value` is needed for a new one; what is left out stays as it is."""

    value: Annotated[str, StringConstraints(min_length=1), AfterValidator(_fits)] | None = Field(
        default=None, description="Text of 1 to 65,536 bytes as UTF-8. No answer ever shows it.", repr=False
    )
    description: Annotated[str, StringConstraints(max_length=2000)] | None = None
    expected_version: Annotated[WholeNumber, Field(ge=0)] | None = None
    """The version that the writer saw; 0 for a secret that must not exist yet."""

    def __repr_args__(self) -> Any:
        return [("description", self.description)]


class SecretUse(Wire):
    """A function that names a secret, in its latest version."""

    function_id: str
    function_name: str
    block_ids: tuple[str, ...]


class Secret(Wire):
    """A secret without its value."""

    name: str
    description: str | None
    version: int
    created_at: Time
    updated_at: Time
    updated_by: str
    value_updated_at: Time
    last_used_at: Time | None
    """When a block last read it; written about twice a minute."""
    problem: str | None
    """Why its value cannot be read here, and what to do; null when all is well."""
    used_by: tuple[SecretUse, ...]


class Rotation(Wire):
    """Body of POST /secrets/rotate."""

    keep_old_keys: Flag = False
    """Whether the keys before are kept in the key file, so that backups made before can still be read."""


class Rotated(Wire):
    """How a rotation went."""

    rotated: int
    """Secrets of all workspaces that are encrypted with the new key now."""
    unreadable: tuple[str, ...]
    """Names of those that no key here can read; they are as they were."""
    old_keys_kept: bool
