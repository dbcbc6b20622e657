"""Functions called inside a run: the versions pinned for it, and their programs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TypeAlias

from workbench.base.errors import BlockFailed
from workbench.blocks.kind import Call
from workbench.engine.program import Node, Program
from workbench.engine.programs import Programs
from workbench.flow.model import Flow

DEEPEST_CALL = 5
"""How many calls may lie one inside the other."""

Key: TypeAlias = tuple[str, int]
"""A function's id and a version."""


def pin_key(call: Call) -> str:
    """Under which name the version of a call is pinned: the function's id, with ``@3`` where it asks for a version."""
    return call.function_id if call.version is None else f"{call.function_id}@{call.version}"


def pinned_functions(pins: Mapping[str, int]) -> frozenset[str]:
    """The ids of all functions that are pinned."""
    return frozenset(key.partition("@")[0] for key in pins)


class Calls:
    """What one run's blocks call. Programs are compiled once per version and shared by all runs."""

    __slots__ = ("_identities", "_programs", "flows", "pins")

    def __init__(self, pins: Mapping[str, int], flows: Mapping[Key, Flow], programs: Programs) -> None:
        self.pins = pins
        self.flows = flows
        self._programs = programs
        self._identities: dict[Key, bytes] = {}

    def key(self, node: Node) -> Key:
        """Which version of which function a node calls. Raises BlockFailed when none is pinned."""
        call = node.call
        version = self.pins.get(pin_key(call)) if call is not None else None
        if call is None or version is None:
            raise BlockFailed(
                f"“{node.block.name}” calls a function that this run knows no version of.",
                kind="CONFIG",
                hint="Choose the function again and start a new run.",
            )
        return call.function_id, version

    def program(self, node: Node) -> Program:
        """The program that a node calls. Raises BlockFailed when it is gone or cannot be compiled."""
        key = self.key(node)
        flow = self.flows.get(key)
        if flow is None:
            raise BlockFailed(
                f"Version {key[1]} of the function that “{node.block.name}” calls is gone.", kind="FUNCTION_GONE"
            )
        return self._programs.get(key, flow)

    def identity(self, node: Node) -> bytes:
        """What a node's call stands for: equal only if everything that it may run is the same."""
        key = self.key(node)
        known = self._identities.get(key)
        if known is None:
            digest = hashlib.blake2b(f"{key[0]}@{key[1]}".encode(), digest_size=16)
            for region in self.program(node).regions:
                for inner in region.nodes:
                    if inner.call is not None and not inner.block.disabled:
                        digest.update(self.identity(inner))
            known = self._identities[key] = digest.digest()
        return known
