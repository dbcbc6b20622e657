"""`checkpoint`: a named restore point; passes on what it gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from workbench.blocks.context import BlockContext
from workbench.blocks.kind import BlockConfig, BlockType, Fired
from workbench.blocks.words import duration

LONGEST_MINUTES = 366 * 24 * 60


class CheckpointConfig(BlockConfig):
    checkpoint_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        title="Restore point",
        description="The name by which a fork or a retry goes back here; left out: the block's name.",
    )
    save_variables: bool = Field(
        default=True,
        title="Keep variables",
        description="A run restored here has the variables as they were; off: those that the flow starts with.",
    )
    ttl_minutes: int | None = Field(
        default=None,
        ge=1,
        le=LONGEST_MINUTES,
        title="Valid for (min)",
        description="How long it can be restored; left out: as long as the run is kept.",
    )
    on_restore: Literal["continue", "restart"] = Field(
        default="continue",
        title="On restore",
        description="Go on after this block, or run all from the beginning.",
    )


class Checkpoint(BlockType[CheckpointConfig]):
    """Answers its input; the journal holds where the run was."""

    type = "checkpoint"
    title = "Checkpoint"
    category = "control"
    summary = "Marks a point that a run can be restored to."
    icon = "bookmark"
    Config = CheckpointConfig
    example: ClassVar[dict[str, Any]] = {"checkpointId": "loaded"}

    def describe(self, config: Mapping[str, Any]) -> str:
        name = config.get("checkpointId")
        text = name if isinstance(name, str) else ""
        minutes = config.get("ttlMinutes")
        if isinstance(minutes, int):
            text = f"{text}, {duration(minutes * 60_000)}".strip(", ")
        return text

    def may_set_variables(self, config: Mapping[str, Any]) -> bool:
        return config.get("saveVariables") is False  # a fork that is restored here begins with fresh ones

    def run(self, config: CheckpointConfig, ctx: BlockContext) -> Fired:
        del config
        return Fired(ctx.input)
