"""What is wrong with a field reads as the end of a sentence, without pydantic's words."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from workbench.base.sentences import sentence
from workbench.base.wire import Flag, WholeNumber, Wire
from workbench.flow.model import FlowId


class Small(Wire):
    n: int


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        (str, 7, "must be text"),
        (int, "soon", "must be a whole number"),
        (WholeNumber, "5", "must be a whole number"),
        (int, 0.5, "must be a whole number"),
        (Flag, "no", "must be true or false"),
        (float, "left", "must be a number"),
        (tuple[int, ...], 5, "must be a list"),
        (dict[str, Any], [], "must be an object"),
        (Small, [], "must be an object"),
        (Small, {}, "is required"),
        (Annotated[str, StringConstraints(min_length=1)], "", "must not be empty"),
        (Annotated[tuple[int, ...], Field(min_length=1)], (), "must have at least 1 item"),
        (Annotated[int, Field(ge=1)], 0, "must be greater than or equal to 1"),
        (Literal["a", "b"], "c", "must be 'a' or 'b'"),
        (FlowId, "a b", "must be 1 to 64 letters (a to z), digits, _ or -"),
        (Small, {"n": 1, "m": 1}, "is not a known field"),
    ],
)
def test_a_wrong_value_is_told_in_plain_words(kind: Any, value: Any, told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    assert sentence(caught.value.errors()[0]) == told
