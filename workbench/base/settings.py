"""The one typed settings model: keyword arguments, `WORKBENCH_…` in the environment, Jupyter config, defaults.

The earlier in that list wins. `Settings.load` remembers where each value came from.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError

from workbench.base.errors import InvalidInput, Issue

PREFIX = "WORKBENCH_"
SECRET_KEY = PREFIX + "SECRET_KEY"
"""In the environment: the key that secrets are encrypted with. No setting, so that nothing ever shows it."""
MIB = 1024 * 1024


def _comma_separated(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _folder(value: Any) -> Any:
    if isinstance(value, (str, Path)):
        if not str(value).strip():
            raise ValueError("must name a folder")
        return Path(value).expanduser().absolute()
    return value


Folder: TypeAlias = Annotated[Path, BeforeValidator(_folder)]
"""An absolute path; ``~`` is the user's home."""


def _default_home() -> Path:
    return Path.home() / ".local" / "share" / "workbench"


@dataclass(frozen=True, slots=True)
class Origin:
    """One setting's value and where it came from."""

    name: str
    value: Any
    source: str
    """``argument``, ``environment WORKBENCH_…``, ``Jupyter config c.Workbench.…`` or ``default``."""


class Settings(BaseModel):
    """Everything that can be set. Names in the environment are ``WORKBENCH_`` and the field in capitals."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    home: Folder = Field(
        default_factory=_default_home, description="Folder of the log, the values and the DuckDB file."
    )
    root: Folder = Field(default_factory=Path.cwd, description="Folder that file blocks may read and write.")
    http_allow: Annotated[tuple[str, ...], BeforeValidator(_comma_separated)] = Field(
        default=(),
        description="Hosts and networks that outbound calls may reach in spite of the private-address guard.",
    )
    runs_per_workspace: int = Field(default=64, ge=1, le=10_000, description="Runs at once in a workspace.")
    runs_per_server: int = Field(default=256, ge=1, le=100_000, description="Runs at once in all workspaces.")
    start_paused: bool = Field(default=False, description="Hold every run until POST /queue/resume; after an incident.")
    retention_days: float = Field(default=0, ge=0, description="Days that finished runs are kept; 0 means for ever.")
    retention_runs: int = Field(
        default=0, ge=0, description="Finished runs of a function that are kept; 0 means all of them."
    )
    audit_days: float = Field(default=365, ge=0, description="Days that audit entries are kept; 0 means for ever.")
    audit_entries: int = Field(
        default=100_000, ge=0, description="Newest audit entries of a workspace that are kept; 0 means all of them."
    )
    workers: str = Field(default="local", description="Where block code runs: 'local', or a Dask scheduler's address.")
    worker_processes: int = Field(default=0, ge=0, le=256, description="Local worker processes; 0 means one a core.")
    worker_memory_mb: int = Field(default=2048, ge=64, description="Address space of one worker process.")
    rate_preset: Literal["off", "strict"] = Field(default="off", description="Rate limits of API keys.")
    body_limit: int = Field(default=10 * MIB, ge=1024, description="Bytes of the largest request body.")
    events_kept: int = Field(default=10_000, ge=1, description="Events a workspace keeps in memory for resuming.")
    disabled_blocks: Annotated[tuple[str, ...], BeforeValidator(_comma_separated)] = Field(
        default=(), description="Block types that are switched off."
    )
    min_free_mb: int = Field(
        default=256, ge=0, description="MiB that must be free on the store's disk for new work to be taken."
    )
    kept_tables_runs: int = Field(default=10, ge=0, description="Last runs of a function whose tables are kept.")
    host: str = Field(default="127.0.0.1", description="Address that `workbench serve` listens at.")
    port: int = Field(default=8899, ge=0, le=65535, description="Port that `workbench serve` listens at.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")

    _sources: dict[str, str] = PrivateAttr(default_factory=dict)
    _secret_key: str | None = PrivateAttr(default=None)

    @classmethod
    def load(
        cls, jupyter: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None, **arguments: Any
    ) -> Settings:
        """Merge keyword arguments, the environment and Jupyter config (``c.Workbench.…`` as a mapping).

        Arguments that are None count as not given. Raises `InvalidInput`, which names the setting and its source.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        sources: dict[str, str] = {}
        for name, value in (jupyter or {}).items():
            values[name.lower()], sources[name.lower()] = value, f"Jupyter config c.Workbench.{name}"
        for name in cls.model_fields:
            variable = PREFIX + name.upper()
            if variable in environ:
                values[name], sources[name] = environ[variable], f"environment {variable}"
        for name, value in arguments.items():
            if value is not None:
                values[name.lower()], sources[name.lower()] = value, "argument"
        try:
            settings = cls(**values)
        except ValidationError as e:
            raise _invalid(e, sources) from None
        settings._sources.update(sources)
        settings._secret_key = environ.get(SECRET_KEY)
        return settings

    def secret_key(self) -> str | None:
        """What the environment gives as the key of secrets."""
        return self._secret_key

    def origins(self) -> list[Origin]:
        """Every setting with where its value came from, for `workbench doctor`."""
        return [Origin(n, getattr(self, n), self._sources.get(n, "default")) for n in type(self).model_fields]


def _invalid(error: ValidationError, sources: Mapping[str, str]) -> InvalidInput:
    issues: list[Issue] = []
    for e in error.errors():
        name = str(e["loc"][0]) if e["loc"] else "settings"
        text = "is not a setting" if e["type"] == "extra_forbidden" else e["msg"]
        issues.append(Issue(name, f"{text} (from {sources.get(name, 'default')})"))
    known = ", ".join(Settings.model_fields)
    return InvalidInput("The settings are not valid.", details=issues, hint=f"Settings are: {known}.")
