"""`read_table`: a table from a file inside the server's root, or from an allowed address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from workbench.base.errors import BlockFailed
from workbench.blocks.context import BlockContext, HttpRequest
from workbench.blocks.formats import Format, ReadOptions, default_delimiter, format_of, read
from workbench.blocks.kind import TEMPLATE, BlockConfig, BlockType, Effect, Fired, Port
from workbench.blocks.paths import existing
from workbench.blocks.words import shorten

MOST_DOWNLOADED = 512 * 1024 * 1024

DType = Literal["text", "integer", "number", "boolean", "date", "datetime", "time"]


class ReadTableConfig(BlockConfig):
    path: Annotated[str, TEMPLATE] = Field(
        min_length=1, title="Path", description="A file inside the server's root folder, or an http(s) address."
    )
    format: Format | None = Field(default=None, title="Format", description="Left out: by the suffix.")
    columns: list[str] | None = Field(default=None, title="Columns", description="Left out: all.")
    limit: Annotated[int | None, TEMPLATE] = Field(default=None, ge=0, title="First rows", description="Left out: all.")
    delimiter: str | None = Field(
        default=None, min_length=1, max_length=1, title="Delimiter", description="CSV; left out: comma, tab for .tsv."
    )
    header: bool = Field(default=True, title="First line has names", description="CSV.")
    null_values: list[str] = Field(default=[], title="Texts that mean null", description="CSV, such as NA.")
    dtypes: dict[str, DType] | None = Field(default=None, title="Column types", description="CSV; left out: guessed.")
    try_parse_dates: bool = Field(
        default=False, title="Read dates", description="CSV: ISO text becomes dates and times."
    )
    timeout_ms: int = Field(default=60_000, ge=100, le=600_000, title="Time limit (ms)", description="Addresses only.")


class ReadTable(BlockType[ReadTableConfig]):
    """Answers the table itself."""

    type = "read_table"
    title = "Read table"
    category = "integration"
    summary = "Reads a table from a file."
    icon = "file-spreadsheet"
    effect = Effect.IDEMPOTENT
    Config = ReadTableConfig
    outputs = (Port("out", "table"),)
    inputs = (Port("in", needed=False),)
    example: ClassVar[dict[str, Any]] = {"path": "data/flights.csv", "nullValues": ["NA"]}

    def describe(self, config: Mapping[str, Any]) -> str:
        return shorten(config.get("path", ""))

    async def run(self, config: ReadTableConfig, ctx: BlockContext) -> Fired:
        path = config.path
        if is_address(path):
            kind = format_of(urlsplit(path).path, config.format)
            source: Any = await _download(config, ctx)
        else:
            kind = format_of(path, config.format)
            source = await ctx.in_thread(existing, ctx.files_root, path)
        options = ReadOptions(
            delimiter=config.delimiter or default_delimiter(path),
            header=config.header,
            columns=config.columns,
            limit=config.limit,
            null_values=config.null_values,
            dtypes=config.dtypes,
            try_parse_dates=config.try_parse_dates,
        )
        return Fired(await ctx.in_thread(read, source, path, kind, options))


def is_address(path: str) -> bool:
    """Whether the path is an http(s) address."""
    return path.lower().startswith(("http://", "https://"))


async def _download(config: ReadTableConfig, ctx: BlockContext) -> bytes:
    request = HttpRequest("GET", config.path, timeout_ms=config.timeout_ms, max_bytes=MOST_DOWNLOADED)
    response = await ctx.http(request)
    if response.status != 200:
        raise BlockFailed(f"GET {config.path} answered {response.status}, not the file.", kind="HTTP")
    return response.body
