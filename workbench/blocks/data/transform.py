"""`transform`: makes a new value with an expression, a mapping, SQL or Python."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from workbench.blocks.context import BlockContext, WorkerJob
from workbench.blocks.kind import BlockConfig, BlockType, Effect, Fired, Marker, when
from workbench.blocks.tables import is_tabular, table_within
from workbench.blocks.words import first_line, listed, shorten

_WORD = re.compile(r"[^\W\d]\w*")
_MAPPING_LINE = re.compile(r"\s*(?:\"([^\"]+)\"|([^\W\d]\w*))\s*:\s*(.+)")


class TransformConfig(BlockConfig):
    language: Literal["expression", "mapping", "sql", "python"] = Field(default="expression", title="Language")
    code: Annotated[str | dict[str, str], Marker("code", "@language")] = Field(
        title="Code",
        description=(
            "An expression; an object of expressions by field; one SELECT over upstream blocks by name and `input`; "
            "or Python whose last expression, `result` or `return` is the value."
        ),
    )
    pure: bool = Field(
        default=False,
        title="Pure",
        description="The same input always gives the same output.",
        json_schema_extra=when(language="python"),
    )
    timeout_ms: int = Field(default=60_000, ge=100, le=3_600_000, title="Time limit (ms)")
    memory_mb: int = Field(default=2048, ge=64, le=65_536, title="Memory limit (MB)")


class Transform(BlockType[TransformConfig]):
    """Answers the value itself. Python and SQL run in a worker process."""

    type = "transform"
    title = "Transform"
    category = "data"
    summary = "Makes a new value from what came before."
    icon = "wand-2"
    Config = TransformConfig
    example: ClassVar[dict[str, Any]] = {
        "language": "mapping",
        "code": {"total": "sum(input.prices)", "count": "len(input.prices)"},
    }

    def effect_of(self, config: Mapping[str, Any]) -> Effect:
        is_python = config.get("language") == "python"
        return Effect.EFFECT if is_python and config.get("pure") is not True else Effect.PURE

    def reads_everything(self, config: Mapping[str, Any]) -> bool:
        return config.get("language") in ("python", "sql")

    def describe(self, config: Mapping[str, Any]) -> str:
        code = config.get("code", "")
        if config.get("language") == "mapping":
            try:
                return shorten(listed(parse_mapping(code)))
            except ValueError:
                return ""
        return first_line(code)

    def code_expressions(self, config: Mapping[str, Any]) -> dict[str, str]:
        language, code = config.get("language", "expression"), config.get("code")
        if language == "expression" and isinstance(code, str):
            return {"code": code}
        if language == "mapping":
            try:
                return {f"code.{name}": text for name, text in parse_mapping(code).items()}
            except ValueError:
                return {}
        return {}

    def check(self, config: TransformConfig) -> list[tuple[str, str]]:
        if config.language == "mapping":
            try:
                parse_mapping(config.code)
            except ValueError as error:
                return [("code", str(error))]
            return []
        if not isinstance(config.code, str):
            return [("code", f"must be text when language is {config.language}")]
        if not config.code.strip():
            return [("code", "is empty")]
        if config.language == "python":
            return _check_python(config.code)
        return _check_sql(config.code) if config.language == "sql" else []

    def run(self, config: TransformConfig, ctx: BlockContext) -> Any:
        if config.language == "expression":
            return Fired(ctx.code("code"))
        if config.language == "mapping":
            return Fired({name: ctx.code(f"code.{name}") for name in parse_mapping(config.code)})
        return self._in_worker(config, ctx)

    async def _in_worker(self, config: TransformConfig, ctx: BlockContext) -> Fired:
        code = str(config.code)
        seen = ctx.visible()
        names = _for_sql(code, seen) if config.language == "sql" else _for_python(code, seen)
        language: Literal["python", "sql"] = "sql" if config.language == "sql" else "python"
        job = WorkerJob(language, code, names, config.timeout_ms, config.memory_mb)
        return Fired(await ctx.in_worker(job))


def parse_mapping(code: Any) -> dict[str, str]:
    """A mapping's expressions by field: an object, JSON text of one, or lines ``field: expression``.

    Raises ValueError with a sentence's end that follows the field's name.
    """
    if isinstance(code, Mapping):
        wrong = [str(name) for name, text in code.items() if not isinstance(text, str)]
        if wrong:
            raise ValueError(f"has fields that are no expression text: {listed(wrong)}")
        return dict(code)
    if not isinstance(code, str):
        raise ValueError("must be an object {field: expression}")  # noqa: TRY004 - it is the config's value
    return dict(_parse_mapping_text(code))


@lru_cache(maxsize=512)
def _parse_mapping_text(code: str) -> tuple[tuple[str, str], ...]:
    if code.lstrip().startswith("{") and not code.lstrip().startswith("{{"):
        try:
            return tuple(parse_mapping(json.loads(code)).items())
        except json.JSONDecodeError as error:
            raise ValueError(f"is no JSON object: {error.msg} at line {error.lineno}") from None
    found: list[tuple[str, str]] = []
    for number, line in enumerate(code.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _MAPPING_LINE.fullmatch(line.rstrip().rstrip(","))
        if match is None:
            raise ValueError(f"has line {number} that is not `field: expression`")
        found.append((match[1] or match[2], match[3]))
    if not found:
        raise ValueError("names no field")
    return tuple(found)


def _for_python(code: str, seen: Mapping[str, Any]) -> dict[str, Any]:
    """Only what the code names is sent to the worker."""
    try:
        used = _names_in(code)
    except SyntaxError:
        return {}  # the worker answers with the error and its line
    return {name: value for name, value in seen.items() if name in used}


@lru_cache(maxsize=512)
def _names_in(code: str) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name))


def _for_sql(code: str, seen: Mapping[str, Any]) -> dict[str, Any]:
    """Tables by name (`input` too) as far as the words of the code name them, and `$name` parameters from variables."""
    words = {word.lower() for word in _WORD.findall(code)}
    variables = seen.get("vars")
    names = dict(variables) if isinstance(variables, Mapping) else {}
    names.update(seen)
    return {
        name: table_within(value) if is_tabular(value) else value
        for name, value in names.items()
        if name.lower() in words
    }


def _check_python(code: str) -> list[tuple[str, str]]:
    try:
        ast.parse(code)
    except SyntaxError as error:
        return [("code", f"is no Python: {error.msg} at line {error.lineno}")]
    except (ValueError, RecursionError, MemoryError) as error:
        return [("code", f"is no Python: {error}")]
    return []


def _check_sql(code: str) -> list[tuple[str, str]]:
    import duckdb

    try:
        statements = duckdb.extract_statements(code)
    except duckdb.Error as error:
        return [("code", f"is no SQL: {first_line(str(error), 200)}")]
    if len(statements) != 1:
        return [("code", f"must be one SELECT statement, not {len(statements)}")]
    if statements[0].type != duckdb.StatementType.SELECT:
        return [("code", f"must be a SELECT, not {statements[0].type.name}")]
    return []
