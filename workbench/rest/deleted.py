"""The one answer to every DELETE."""

from __future__ import annotations

from pydantic import Field

from workbench.base.wire import Wire


class Deleted(Wire):
    """What a DELETE answers: what went, and how many of what went with it."""

    id: str
    deleted: bool = True
    counts: dict[str, int] = Field(default_factory=dict)
