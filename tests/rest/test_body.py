"""Validation errors name the field as it stands in the body, whatever pydantic's location says."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import Field, TypeAdapter, ValidationError

from workbench.base.errors import InvalidInput
from workbench.base.wire import Wire
from workbench.rest.body import field_path, invalid_input, parse_json


class Add(Wire):
    type: Literal["ADD"]
    block_name: str


class Move(Wire):
    type: Literal["MOVE"]
    by: int | str | None


class Batch(Wire):
    commands: list[Annotated[Add | Move, Field(discriminator="type")]] = Field(min_length=1)
    either: list[int] | dict[str, int] | None = None


MOVED = {"type": "MOVE", "by": 1}


def fields(body):
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Batch).validate_python(body)
    errors = [{**e, "loc": ("body", *e["loc"])} for e in caught.value.errors()]
    return [d.field for d in invalid_input(RequestValidationError(errors), body).details]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"commands": [{"type": "ADD", "blockName": 1}]}, {"commands[0].blockName"}),
        ({"commands": [{"type": "ADD"}]}, {"commands[0].blockName"}),
        ({"commands": [{"type": "MOVE", "by": []}]}, {"commands[0].by"}),
        ({"commands": [{"type": "SPIN"}]}, {"commands[0].type"}),
        ({"commands": [{}]}, {"commands[0].type"}),
        ({"commands": [5]}, {"commands[0]"}),
        ({"commands": [MOVED], "either": {"a": "x"}}, {"either", "either.a"}),
        ({"commands": [MOVED], "either": ["x"]}, {"either", "either[0]"}),
        ({"commands": 1}, {"commands"}),
        ({"commands": []}, {"commands"}),
        ({}, {"commands"}),
    ],
)
def test_parts_that_name_a_unions_branch_are_left_out(body, wrong):
    assert set(fields(body)) == wrong


def test_places_outside_the_body_have_their_own_name():
    assert field_path(("query", "limit")) == "limit"
    assert field_path(("header", "Last-Event-ID")) == "Last-Event-ID"
    assert field_path(("body",), []) == "body"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"a": ' + "9" * 5000 + "}", "digits; a number has at most 4,300"),
        ('{"a": "\\ud800"}', "half a surrogate pair"),
        ('{"a": 1e999}', "too large"),
        ('{"a": NaN}', "NaN is not a JSON value"),
    ],
)
def test_a_body_that_cannot_be_read_is_told_without_the_words_of_python(body, told):
    with pytest.raises(InvalidInput) as caught:
        parse_json(body.encode())
    assert told in caught.value.message
    assert "sys." not in caught.value.message
