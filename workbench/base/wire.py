"""The base of every wire shape: camelCase outside, snake_case inside, unknown fields refused."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Strict
from pydantic.alias_generators import to_camel

Json: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any] | None
"""A JSON value. Deep nesting is checked where values enter, not by the type."""


WholeNumber: TypeAlias = Annotated[int, Strict()]
"""A number in a request: text and booleans, which pydantic would turn into one, are refused."""
Flag: TypeAlias = Annotated[bool, Strict()]
"""A boolean in a request: ``"no"`` and ``0`` are refused."""
Id: TypeAlias = Annotated[str, AfterValidator(str.lower)]
"""The id of something there is, in a request's body: a UUID may be written in capitals too."""


class Wire(BaseModel):
    """A frozen value that crosses the wire."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        ser_json_inf_nan="null",
    )

    def to_wire(self) -> dict[str, Any]:
        """As JSON-ready data with wire names."""
        return self.model_dump(mode="json", by_alias=True)
