"""`write_table`: a table into a file inside the server's root, whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import polars as pl
from pydantic import Field

from workbench.base.errors import BlockFailed
from workbench.blocks import formats
from workbench.blocks.context import BlockContext
from workbench.blocks.formats import Format, ReadOptions, default_delimiter, format_of
from workbench.blocks.kind import TEMPLATE, BlockConfig, BlockType, Effect, Fired, Port
from workbench.blocks.paths import inside
from workbench.blocks.tables import as_table, need_columns
from workbench.blocks.words import listed, shorten


class WriteTableConfig(BlockConfig):
    path: Annotated[str, TEMPLATE] = Field(
        min_length=1, title="Path", description="A file inside the server's root folder."
    )
    input: Annotated[Any, TEMPLATE] = Field(
        default=None, title="Input", description="A table or a list of objects; left out: what comes in."
    )
    format: Format | None = Field(default=None, title="Format", description="Left out: by the suffix.")
    mode: Literal["replace", "append"] = Field(default="replace", title="Mode")
    create_folders: bool = Field(default=False, title="Make missing folders")
    delimiter: str | None = Field(default=None, min_length=1, max_length=1, title="Delimiter", description="CSV.")


class WriteTableOutput(BlockConfig):
    path: str
    rows: int
    bytes: int


class WriteTable(BlockType[WriteTableConfig]):
    """Answers the path (relative to the root), the rows written now, and the file's size."""

    type = "write_table"
    title = "Write table"
    category = "integration"
    summary = "Writes a table to a file."
    icon = "save"
    effect = Effect.EFFECT
    Config = WriteTableConfig
    Output = WriteTableOutput
    inputs = (Port("in", "table"),)
    outputs = (Port("out", "object"),)
    example: ClassVar[dict[str, Any]] = {"path": "reports/delays.parquet", "createFolders": True}

    def describe(self, config: Mapping[str, Any]) -> str:
        path = shorten(config.get("path", ""))
        return f"append to {path}" if config.get("mode") == "append" else path

    async def run(self, config: WriteTableConfig, ctx: BlockContext) -> Fired:
        value = config.input if "input" in config.model_fields_set else ctx.input
        table = as_table(value, "input")
        return Fired(await ctx.in_thread(_write, config, table, ctx.files_root))


def _write(config: WriteTableConfig, table: pl.DataFrame, root: Path) -> dict[str, Any]:
    kind = format_of(config.path, config.format)
    if config.path.lower().endswith(formats.COMPRESSED):
        raise BlockFailed(f"`{config.path}`: compressed text files are not written.", kind="FILE", hint="Use Parquet.")
    target = inside(root, config.path)
    if target.is_dir():
        raise BlockFailed(f"`{config.path}` is a folder, not a file.", kind="FILE")
    if not target.parent.is_dir():
        if not config.create_folders:
            raise BlockFailed(
                f"The folder of `{config.path}` does not exist.", kind="FILE", hint="Turn on createFolders, or make it."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
    temp = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    delimiter = config.delimiter or default_delimiter(config.path)
    try:
        _fill(config, table, target, temp, kind=kind, delimiter=delimiter)
        _sync_file(temp)
        temp.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise BlockFailed(f"`{config.path}` cannot be written: {error.strerror or error}.", kind="FILE") from None
    finally:
        with suppress(FileNotFoundError):
            temp.unlink()
    path = target.relative_to(root.resolve()).as_posix()
    return {"path": path, "rows": table.height, "bytes": target.stat().st_size}


def _fill(
    config: WriteTableConfig, table: pl.DataFrame, target: Path, temp: Path, *, kind: Format, delimiter: str
) -> None:
    """Write what the file shall hold to `temp`; to append, what it holds now comes first."""
    if config.mode == "replace" or not target.exists() or target.stat().st_size == 0:
        formats.write(table, temp, config.path, kind, delimiter=delimiter)
        return
    if kind == "csv":
        header = formats.read(target, config.path, kind, ReadOptions(delimiter=delimiter, limit=0))
        _same_columns(header.columns, table, config.path)
        old = target.read_bytes()
        formats.write(table.select(header.columns), temp, config.path, kind, delimiter=delimiter, header=False)
        new = temp.read_bytes()
        temp.write_bytes(old + (b"" if old.endswith(b"\n") else b"\n") + new)
        return
    before = formats.read(target, config.path, kind, ReadOptions())
    _same_columns(before.columns, table, config.path)
    try:
        both = pl.concat([before, table.select(before.columns)], how="vertical_relaxed")
    except pl.exceptions.PolarsError as error:
        first = str(error).splitlines()[0]
        raise BlockFailed(
            f"The rows do not fit those of `{config.path}`: {shorten(first, 200)}.", kind="FILE"
        ) from None
    formats.write(both, temp, config.path, kind, delimiter=delimiter)


def _same_columns(there: list[str], table: pl.DataFrame, path: str) -> None:
    need_columns(table, there, f"What is appended to `{path}`")
    more = [column for column in table.columns if column not in there]
    if more:
        raise BlockFailed(
            f"`{path}` has no column {listed(f'`{c}`' for c in more)}; it has {listed(there)}.",
            kind="TABLE",
            hint="Leave them out, or write a new file.",
        )


def _sync_file(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there; NTFS journals its renames itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
