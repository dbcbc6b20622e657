"""Facts to a frame's payload and back: msgpack, positional, tagged.

A payload is ``[workspace or nil, [fact, …]]``. Reading knows every registered class and every former version that has
an upcaster. A tag that nobody knows means that a newer workbench wrote the fact: it is put aside until one knows it.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Union

import msgspec

from workbench.storage.facts import Fact, FactRegistry


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A fact of an unknown tag, or whose fields do not fit its class; kept as it stands in the log."""

    tag: int
    raw: bytes
    error: str


UNKNOWN_KIND = "unknown kind"
"""How the error of a fact begins whose tag nobody knows."""


class Encoding:
    """What one assembly's facts look like in the log."""

    def __init__(self, registry: FactRegistry) -> None:
        self._by_tag = dict(registry.by_tag())
        self._known = frozenset(registry.types)
        self._upcasters = dict(registry.upcasters)
        self._encoder = msgspec.msgpack.Encoder()
        classes = tuple(self._by_tag.values())
        union: Any = Union[classes] if classes else msgspec.Raw  # noqa: UP007 - the classes are known at run time only
        self._decoder = msgspec.msgpack.Decoder(tuple[str | None, list[union]])
        self._one = msgspec.msgpack.Decoder(union)
        self._raw = msgspec.msgpack.Decoder(tuple[str | None, list[msgspec.Raw]])

    def encode(self, facts: Sequence[Fact], workspace: str | None) -> bytes:
        """A frame's payload. Raises TypeError for a class that is not registered: nobody could read it back."""
        classes = set(map(type, facts))
        if not classes <= self._known:
            names = ", ".join(sorted(c.__name__ for c in classes - self._known))
            raise TypeError(f"{names}: not registered as a fact type; add it to the assembly's FactRegistry")
        return self._encoder.encode((workspace, facts))

    def encode_one(self, fact: Fact) -> bytes:
        """One fact alone, as it stands in a payload."""
        return self._encoder.encode(fact)

    def decode(self, payload: bytes) -> tuple[str | None, list[Fact | Unreadable]]:
        """The workspace and the facts, upcast to their present classes."""
        try:
            workspace, facts = self._decoder.decode(payload)
        except msgspec.MsgspecError:
            workspace, raws = self._raw.decode(payload)
            facts = [self._decode_one(bytes(raw)) for raw in raws]
        if self._upcasters:
            facts = [self._upcast(f) for f in facts]
        return workspace, facts

    def decode_one(self, raw: bytes) -> Fact | Unreadable:
        """One fact as it stands in a payload, upcast to its present class."""
        return self._upcast(self._decode_one(raw))

    def _decode_one(self, raw: bytes) -> Fact | Unreadable:
        fields = msgspec.msgpack.decode(raw)
        tag = fields[0] if isinstance(fields, list) and fields else None
        if not isinstance(tag, int) or tag not in self._by_tag:
            return Unreadable(tag if isinstance(tag, int) else 0, raw, f"{UNKNOWN_KIND} {tag}")
        try:
            return self._one.decode(raw)
        except msgspec.MsgspecError as error:
            return Unreadable(tag, raw, str(error))

    def _upcast(self, fact: Fact | Unreadable) -> Fact | Unreadable:
        while (to_new := self._upcasters.get(type(fact))) is not None:  # type: ignore[arg-type]
            fact = to_new(fact)
        return fact
