"""Request bodies: strict JSON with limits, and validation errors in wire names."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.requests import Request

from workbench.base.errors import InvalidInput, Issue, UnsupportedMediaType
from workbench.base.sentences import sentence

MAX_DEPTH = 64
"""How deep lists and objects of a body may nest."""
MAX_DIGITS = 4300
"""How many digits a number may have, which is as many as Python reads."""
MAX_DETAILS = 100
"""How many wrong fields one answer names."""
_MAY_OVERFLOW = re.compile(rb"[eE]\+?\d{3}|\d{300}")


class JsonRequest(Request):
    """A request whose body was read and parsed once, by us, before FastAPI asks for it."""

    parsed: Any = None

    async def json(self) -> Any:
        return self.parsed

    async def read_json(self) -> None:
        """Read and parse the body. Raises UnsupportedMediaType, InvalidInput, PayloadTooLarge."""
        body = await self.body()
        if not body:
            return
        media = self.headers.get("content-type", "").split(";")[0].strip().lower()
        if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
            raise UnsupportedMediaType(
                f"The body must be JSON, not '{media[:80] or 'without a content type'}'.",
                hint="Send the header 'Content-Type: application/json'.",
            )
        self.parsed = parse_json(body)


def parse_json(body: bytes) -> Any:
    """Strict JSON (UTF-8, no NaN, at most `MAX_DEPTH` deep). Raises `InvalidInput` with the place of the mistake."""
    try:
        is_large = _MAY_OVERFLOW.search(body) is not None
        data = json.loads(
            body.decode("utf-8-sig"),
            parse_constant=_refuse_constant,
            parse_float=_finite if is_large else None,
            parse_int=_short if is_large else None,
        )
        if b"\\ud" in body or b"\\uD" in body:
            json.dumps(data, ensure_ascii=False).encode()
    except json.JSONDecodeError as e:
        raise _broken(f"{e.msg} at line {e.lineno}, column {e.colno}") from None
    except UnicodeEncodeError:
        raise _broken("a text of it holds half a surrogate pair") from None
    except UnicodeError:
        raise _broken("it is not UTF-8 text") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as e:
        raise _broken(str(e)) from None
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        _check_depth(data)
    return data


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:40]} is too large for a number")
    return number


def _short(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"{text[:20]}… has {len(text):,} digits; a number has at most {MAX_DIGITS:,}")
    return int(text)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def _broken(why: str) -> InvalidInput:
    return InvalidInput(f"The body is not valid JSON: {why}.", details=[Issue("body", why)])


def _too_deep() -> InvalidInput:
    issue = f"is nested deeper than {MAX_DEPTH} levels"
    return InvalidInput(f"The body {issue}.", details=[Issue("body", issue)])


def _check_depth(data: Any) -> None:
    level = [data]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise _too_deep()


def invalid_input(error: RequestValidationError, body: Any = None) -> InvalidInput:
    """FastAPI's validation error as ours, its fields in wire names (``flow.blocks[2].config.timerMs``)."""
    errors = _without_echoes(error.errors())
    issues = [_issue(e, body) for e in errors[:MAX_DETAILS]]
    first = issues[0] if issues else Issue("body", "is not valid")
    more = len(errors) - 1
    also = f" ({more} more)" if more > 0 else ""
    return InvalidInput(f"`{first.field}` {first.issue}{also}.", details=issues)


def _issue(error: Mapping[str, Any], body: Any) -> Issue:
    kind, loc = str(error["type"]), error["loc"]
    if kind.startswith("union_tag_"):
        loc = (*loc, error["ctx"]["discriminator"].strip("'"))
    return Issue(field_path(loc, body, missing=kind in {"missing", "union_tag_not_found"}), sentence(error))


def _without_echoes(errors: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Without those of lists that are too short only because their wrong items do not count."""
    told = [e["loc"] for e in errors]
    return [
        e
        for e in errors
        if e["type"] != "too_short" or not any(len(o) > len(e["loc"]) and o[: len(e["loc"])] == e["loc"] for o in told)
    ]


def field_path(loc: Sequence[int | str], body: Any = None, *, missing: bool = False) -> str:
    """A pydantic location as a dotted path; parts that name a union's branch, not a place in `body`, are left out."""
    where, *parts = loc or ("body",)
    if where != "body":
        return ".".join(str(p) for p in parts) or str(where)
    text, node = "", body
    for i, part in enumerate(parts):
        is_last = i == len(parts) - 1
        if isinstance(part, int) and isinstance(node, list):
            text, node = f"{text}[{part}]", node[part] if part < len(node) else None
        elif isinstance(node, dict) and part in node:
            text, node = f"{text}.{part}" if text else str(part), node[part]
        elif is_last and missing and (isinstance(node, dict) or node is None):
            text = f"{text}.{part}" if text else str(part)
    return text or "body"
