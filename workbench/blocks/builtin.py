"""The self-sufficient types, in the palette's order. A new type is one file and one line here."""

from __future__ import annotations

from typing import Any

from workbench.blocks.control.checkpoint import Checkpoint
from workbench.blocks.control.delay import Delay
from workbench.blocks.control.error_handler import ErrorHandler
from workbench.blocks.control.retry import Retry
from workbench.blocks.control.return_ import Return
from workbench.blocks.control.timeout import Timeout
from workbench.blocks.data.aggregate import Aggregate
from workbench.blocks.data.filter import Filter
from workbench.blocks.data.join import Join
from workbench.blocks.data.set_variables import SetVariables
from workbench.blocks.data.sort import Sort
from workbench.blocks.data.transform import Transform
from workbench.blocks.flow.condition import Condition
from workbench.blocks.flow.loop import Loop
from workbench.blocks.flow.merge import Merge
from workbench.blocks.flow.parallel import Parallel
from workbench.blocks.flow.split import Split
from workbench.blocks.flow.wait import WaitBlock
from workbench.blocks.integration.http_request import HttpRequestBlock
from workbench.blocks.integration.read_table import ReadTable
from workbench.blocks.integration.subflow import Subflow
from workbench.blocks.integration.write_table import WriteTable
from workbench.blocks.kind import BlockType
from workbench.blocks.triggers.start import Start

BUILTIN: tuple[type[BlockType[Any]], ...] = (
    Start,
    Condition,
    Loop,
    WaitBlock,
    Parallel,
    Split,
    Merge,
    Transform,
    Filter,
    Aggregate,
    Sort,
    Join,
    SetVariables,
    HttpRequestBlock,
    Subflow,
    ReadTable,
    WriteTable,
    Delay,
    ErrorHandler,
    Retry,
    Timeout,
    Checkpoint,
    Return,
)
