"""Functions that call functions: which version of each a run uses, and what stands against it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from workbench.base.errors import FlowInvalid, Issue, NotFound
from workbench.blocks.kind import Call
from workbench.blocks.registry import BlockRegistry
from workbench.editing.inputs import input_problems
from workbench.editing.models import Function
from workbench.editing.starting import start_block
from workbench.engine.calls import DEEPEST_CALL, pin_key
from workbench.flow.model import Flow
from workbench.flow.validation.problems import Code, Problem
from workbench.rest.caller import Caller

CALLS_KEPT = 1024

Key: TypeAlias = tuple[str, int]
"""A function's id and a version."""


@dataclass(frozen=True, slots=True)
class Called:
    """The functions that a run may call: the versions pinned for it, and their flows."""

    pins: Mapping[str, int] = field(default_factory=dict[str, int])
    flows: Mapping[Key, Flow] = field(default_factory=dict[Key, Flow])


NOTHING = Called()


@dataclass(frozen=True, slots=True)
class Site:
    """A block of a flow that calls a function."""

    index: int
    block_id: str
    call: Call


class Reading(Protocol):
    """Functions, as calls look them up."""

    def head(self, caller: Caller, function_id: str) -> Function: ...

    async def flow(self, caller: Caller, function: Function, version: int) -> Flow: ...

    def require_valid_version(self, function: Function, version: int, flow: Flow) -> None: ...


class Calls:
    """Follows the calls of flows. What a version calls is found once."""

    def __init__(self, functions: Reading, registry: BlockRegistry) -> None:
        self._functions = functions
        self._registry = registry
        self._sites: OrderedDict[Key, tuple[Site, ...]] = OrderedDict()

    async def pin(self, caller: Caller, function: Function, version: int, flow: Flow) -> Called:
        """What a run of this version calls, nested calls too, at the versions of now.

        Raises FlowInvalid, naming the chain of functions, for one that is missing, archived, not valid or without a
        start, that calls itself, or that lies deeper than five calls.
        """
        key = (function.id, version)
        if not self._of_version(key, flow):
            return NOTHING
        following = _Following(self, caller, [function.name], [key])
        await following.follow(flow, self._of_version(key, flow))
        return Called(following.pins, following.flows)

    async def pinned(self, caller: Caller, pins: Mapping[str, int]) -> Called:
        """What a run with these pins calls. Raises FlowInvalid where a version is gone."""
        found: dict[Key, Flow] = {}
        for pin, version in pins.items():
            try:
                head = self._functions.head(caller, pin.partition("@")[0])
                found[head.id, version] = await self._functions.flow(caller, head, version)
            except NotFound as error:
                raise FlowInvalid(f"A called function is gone: {error.message}", hint="Start a new run.") from error
        return Called(pins, found)

    async def problems(self, caller: Caller, flow: Flow, function: Function | None = None) -> list[Problem]:
        """Why calls of a flow cannot be made now, block by block; warnings, for that may change before a run."""
        found: list[Problem] = []
        for site in self.sites(flow):
            trail = [function.name] if function is not None else ["this function"]
            keys = [(function.id, function.version)] if function is not None else []
            following = _Following(self, caller, trail, keys)
            block = flow.blocks[site.index]
            try:
                await following.follow(flow, [site])
            except FlowInvalid as error:
                found.append(_problem(site, error.details[0].issue if error.details else error.message, "functionId"))
                continue
            called = following.flows[site.call.function_id, following.version(site.call)]
            told = input_problems(called, block.config.get("inputs"))
            found += [_problem(site, text, "inputs") for text in told]
        return found

    def sites(self, flow: Flow) -> tuple[Site, ...]:
        """The blocks that call a function and are not switched off."""
        found: list[Site] = []
        for index, block in enumerate(flow.blocks):
            kind = self._registry.find(block.type)
            call = kind.calls(block.config) if kind is not None and not block.disabled else None
            if call is not None:
                found.append(Site(index, block.id, call))
        return tuple(found)

    def _of_version(self, key: Key, flow: Flow) -> tuple[Site, ...]:
        sites = self._sites.get(key)
        if sites is None:
            sites = self._sites[key] = self.sites(flow)
            if len(self._sites) > CALLS_KEPT:
                self._sites.popitem(last=False)
        return sites

    def forget(self, function_id: str) -> None:
        """A function is gone, with its versions."""
        for key in [key for key in self._sites if key[0] == function_id]:
            del self._sites[key]

    async def find(self, caller: Caller, call: Call) -> tuple[Function, int, Flow]:
        """The function that a call means. Raises NotFound, FlowInvalid with the reason alone."""
        function = self._functions.head(caller, call.function_id)
        if function.status == "archived":
            raise FlowInvalid(f"“{function.name}” is archived")
        version = function.version if call.version is None else call.version
        flow = await self._functions.flow(caller, function, version)
        try:
            self._functions.require_valid_version(function, version, flow)
            start_block(flow, self._registry)
        except FlowInvalid as error:
            raise FlowInvalid(f"version {version} of “{function.name}” cannot run: {error.message}") from error
        return function, version, flow

    def of_version(self, key: Key, flow: Flow) -> Sequence[Site]:
        """The calls of one version."""
        return self._of_version(key, flow)


class _Following:
    """One way through the calls: the chain so far, and what was found."""

    def __init__(self, calls: Calls, caller: Caller, names: list[str], keys: list[Key]) -> None:
        self._calls = calls
        self._caller = caller
        self._names = names
        self._keys = keys
        self._heights: dict[Key, int] = {}
        self._site: Site | None = None
        """The block of the first function on whose behalf we are here."""
        self.pins: dict[str, int] = {}
        self.flows: dict[Key, Flow] = {}

    def version(self, call: Call) -> int:
        """The version that was found for a call."""
        return self.pins[pin_key(call)]

    async def follow(self, flow: Flow, sites: Sequence[Site], depth: int = 1) -> int:
        """Follow these calls; how many lie one inside the other."""
        height = 0
        for site in sites:
            if depth == 1:
                self._site = site
            try:
                function, version, inner = await self._calls.find(self._caller, site.call)
            except (NotFound, FlowInvalid) as error:
                raise self._refused(error.message.rstrip(".")) from error
            key = (function.id, version)
            self._names.append(function.name)
            if key in self._keys:
                raise self._refused(f"“{function.name}” would call itself")
            if depth > DEEPEST_CALL:
                raise self._refused(f"calls lie at most {DEEPEST_CALL} deep")
            self.pins[pin_key(site.call)] = version
            self.flows[key] = inner
            below = self._heights.get(key)
            if below is None or depth + below > DEEPEST_CALL:  # the second time only to name the chain that is too deep
                self._keys.append(key)
                below = await self.follow(inner, self._calls.of_version(key, inner), depth + 1)
                self._keys.pop()
                self._heights[key] = below
            self._names.pop()
            height = max(height, below + 1)
        return height

    def _refused(self, why: str) -> FlowInvalid:
        chain = " → ".join(f"“{name}”" for name in self._names)
        index = self._site.index if self._site is not None else 0
        return FlowInvalid(
            f"A called function cannot run ({chain}): {why}.",
            hint="Open the last function of the chain, or choose another in the subflow block.",
            details=[Issue(f"flow.blocks[{index}].config.functionId", f"{chain}: {why}")],
            data={"blockId": self._site.block_id if self._site is not None else None},
        )


def _problem(site: Site, text: str, field: str) -> Problem:
    return Problem(
        code=Code.BAD_SUBFLOW,
        severity="warning",
        message=f"{text[:1].upper()}{text[1:]}.",
        block_id=site.block_id,
        field=f"config.{field}",
    )
