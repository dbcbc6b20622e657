"""What a block type is: config, ports, effect class, and how it runs.

A type is one subclass of `BlockType` in one file, named in `registry.py` or by the entry point ``workbench.blocks``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Generic, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from workbench.blocks.context import BlockContext, ScopeContext

PortType: TypeAlias = Literal["any", "table", "object", "list", "number", "text", "boolean"]
"""What flows through a port; a hint for people and for validation warnings, never a gate at run time."""


class Effect(StrEnum):
    """What repeating a block does to the world."""

    PURE = "pure"
    IDEMPOTENT = "idempotent"
    EFFECT = "effect"


DURABILITY: Mapping[Effect, str] = {
    Effect.PURE: "Pure: what it gave may reach the disk late; after a crash it is computed again.",
    Effect.IDEMPOTENT: "Safe to repeat: after a crash it may run again, with the same idempotency key.",
    Effect.EFFECT: (
        "An effect: it starts only when everything before it, its own intent included, is on disk. Done, it is never "
        "repeated; cut off by a crash, it is repeated at most once a crash, with the same idempotency key. In a run "
        "with durability relaxed it may be repeated although it was done."
    ),
}
"""The one durability rule, as it says itself for a block of each effect class."""
SCOPE_DURABILITY = "A scope: after a crash it is entered again, and what was done inside is reused."


@dataclass(frozen=True, slots=True)
class Port:
    """A named input or output. `needed` inputs must be wired for a flow to be valid."""

    name: str
    type: PortType = "any"
    label: str = ""
    needed: bool = True
    region: bool = False
    """True for the output ports that start a scope's region (`body`, `branch-…`)."""


IN = (Port("in"),)
OUT = (Port("out"),)
EVERY_PORT = "*"
"""Fired by a block all of whose ports fire: its output is an object with the value of each port."""
ERROR = Port("error", "object", "error", needed=False)
"""Every block has this output besides its own; the registry adds it."""


@dataclass(frozen=True, slots=True)
class Marker:
    """How a config field's text is read. Put on a field with ``Annotated[Any, TEMPLATE]``.

    - ``template``: text with ``{{ … }}`` parts; one whole ``{{ … }}`` keeps the native type. Strings inside lists and
      objects are read the same way.
    - ``expression``: always an expression, with or without braces.
    - ``deferred``: an expression that the block itself evaluates, many times, through its context (a loop's condition).
    - ``code``: never expanded; the block compiles it in `prepare`.
    """

    mode: Literal["template", "expression", "deferred", "code"]
    language: str = "expression"
    """For ``code``: the language, or the wire name of the config field that says it, with a leading ``@``."""

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core_schema)
        if self.mode != "code":
            schema["x-expression"] = self.mode
        elif self.language.startswith("@"):
            schema["x-codeFrom"] = self.language[1:]
        else:
            schema["x-code"] = self.language
        return schema


TEMPLATE = Marker("template")
EXPRESSION = Marker("expression")
DEFERRED = Marker("deferred")


class BlockConfig(BaseModel):
    """Base of every block's config: camelCase in JSON, unknown fields refused.

    A field's JSON Schema draws its form: use `Field(title=…, description=…, json_schema_extra={"x-order": …})`.
    Fields that take expressions are typed for their *resolved* value; a marker names how their text is read.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


def when(**fields: str | bool | tuple[str, ...]) -> dict[str, Any]:
    """JSON Schema extra for a field that only matters while other fields have one of these values (``x-when``)."""
    return {"x-when": {to_camel(name): list(v) if isinstance(v, tuple) else v for name, v in fields.items()}}


@dataclass(frozen=True, slots=True)
class Call:
    """Which function a block runs inside its own run; `version` None: the latest when the run is created."""

    function_id: str
    version: int | None


ConfigT = TypeVar("ConfigT", bound=BlockConfig)


@dataclass(slots=True)
class Fired:
    """A block's result: the output and the port that fires."""

    output: Any
    port: str = "out"
    variables: Mapping[str, Any] | None = None
    """Variables this block sets for blocks downstream (`set_variables`)."""


class BlockType(ABC, Generic[ConfigT]):
    """One block type. Instances hold no state: one serves every run."""

    type: ClassVar[str]
    title: ClassVar[str]
    category: ClassVar[Literal["triggers", "flow", "ai", "data", "integration", "control"]]
    summary: ClassVar[str]
    """One plain sentence for the palette and the docs."""
    icon: ClassVar[str]
    """A lucide icon's name."""
    effect: ClassVar[Effect] = Effect.PURE
    Config: ClassVar[type[BlockConfig]]
    Output: ClassVar[Any] = Any
    """The pydantic model or type of the output, for the catalogue."""
    inputs: ClassVar[tuple[Port, ...]] = IN
    outputs: ClassVar[tuple[Port, ...]] = OUT
    is_trigger: ClassVar[bool] = False
    is_scope: ClassVar[bool] = False
    example: ClassVar[dict[str, Any]] = {}
    """A config that works as it stands."""
    ends_function: ClassVar[bool] = False
    """True for `return`."""
    fires_every_port: ClassVar[bool] = False
    """True for `split`: it fires `EVERY_PORT`, each with its part of the output."""
    joins: ClassVar[bool] = False
    """True for `merge`: it looks at each of its wires by itself (`BlockContext.arrivals`)."""
    writes_variables: ClassVar[bool] = False
    """True for `set_variables`: its `Fired.variables` reach the blocks downstream."""

    def may_set_variables(self, config: Mapping[str, Any]) -> bool:
        """Whether blocks behind it may see other variables than it does, for this raw config; must bear any config."""
        del config
        return self.writes_variables

    def ports(self, config: Mapping[str, Any]) -> tuple[Port, ...]:
        """The output ports for this raw config (a condition's branches); must bear any config, valid or not."""
        del config
        return self.outputs

    def effect_of(self, config: Mapping[str, Any]) -> Effect:
        """The effect class for this raw config (a GET is idempotent, a POST is not)."""
        del config
        return self.effect

    def describe(self, config: Mapping[str, Any]) -> str:
        """What the card says in one line, in words from its config; must bear any config."""
        del config
        return ""

    def code_expressions(self, config: Mapping[str, Any]) -> dict[str, str]:
        """The expressions in this raw config's ``code`` fields: text by field path; must bear any config."""
        del config
        return {}

    def joins_at_first(self, config: Mapping[str, Any]) -> bool:
        """Whether a block that joins goes on with its first live wire, for this raw config."""
        del config
        return False

    def race_limit_ms(self, config: Mapping[str, Any]) -> int:
        """How long a block that joins at first waits for one, from where the ways into it part; 0 for ever."""
        del config
        return 0

    def calls(self, config: Mapping[str, Any]) -> Call | None:
        """The function that a block with this raw config runs, or None; must bear any config."""
        del config
        return None

    def own_names(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """What ``deferred`` and ``code`` fields see besides the usual, for this raw config; must bear any config."""
        del config
        return ()

    def check(self, config: ConfigT) -> list[tuple[str, str]]:
        """More checks on a valid config than its model makes: (field path, what is wrong)."""
        del config
        return []

    def reads_everything(self, config: Mapping[str, Any]) -> bool:
        """Whether the block's code may read every value in sight (python, sql), not only those that fields name."""
        del config
        return False

    def disabled_reason(self) -> str | None:
        """Why this type cannot be used here (an extra not installed, no provider), or None."""
        return None

    @abstractmethod
    def run(self, config: ConfigT, ctx: BlockContext) -> Fired | Awaitable[Fired]:
        """Do the work. Quick pure blocks answer at once; others return a coroutine. Raises `BlockFailed`."""


class ScopeType(BlockType[ConfigT]):
    """A block that owns a region and runs it zero, one or many times."""

    is_scope: ClassVar[bool] = True
    repeats: ClassVar[bool] = False
    """True where one iteration after the other attempts the same thing (`retry`): their effects share a key."""

    def region_names(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """What expressions in the region see besides the usual, for this raw config; must bear any config."""
        del config
        return ()

    def own_names(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        return self.region_names(config)

    @abstractmethod
    async def run_scope(self, config: ConfigT, ctx: ScopeContext) -> Fired:
        """Run the region through `ctx.run_region` and answer what fires outside."""

    def run(self, config: ConfigT, ctx: BlockContext) -> Fired | Awaitable[Fired]:
        raise TypeError(f"{self.type} is a scope: the engine calls run_scope")
