"""Facts: the named, versioned, deterministic records of change that the log holds.

A fact is a frozen `msgspec` struct, encoded as a positional array that starts with its tag. A tag is
``code * 100 + version``: once released, a tag and its fields never change; a new version is a new class with an
upcaster from the old one. The codes stand in the table of `storage/README.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import msgspec


class Fact(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="_tag"):
    """Base of every fact. Subclasses: ``class RunCreated(Fact, tag=1001): name: ClassVar[str] = "run.created"``.

    Ids of resources are 16 bytes, times microseconds since 1970 UTC, values msgpack as `storage.values` makes them.
    """

    name: ClassVar[str] = ""


class Cursor(Protocol):
    """The part of a DuckDB connection that facts and decisions use; inside the writer's transaction."""

    def execute(self, query: str, parameters: object = ...) -> Any: ...


def tag_of(cls: type[Fact]) -> int:
    """The number that stands first in a fact of this class."""
    tag = cls.__struct_config__.tag
    if not isinstance(tag, int):
        raise TypeError(f"{cls.__name__} needs a tag: class {cls.__name__}(Fact, tag=…)")
    return tag


class Batch(list[Any]):
    """The facts of one class that an `apply` writes in one go, in order, with each one's sequence and workspace."""

    __slots__ = ("seqs", "workspaces")

    def __init__(self, facts: Iterable[Any] = ()) -> None:
        super().__init__(facts)
        self.seqs: list[int] = []
        self.workspaces: list[str | None] = []


Apply = Callable[[Any, Batch], None]
"""``apply(cursor, facts)``: write a batch of facts of ONE class, in order, to DuckDB. Must not refuse (upserts by id,
facts about deleted resources are ignored) and must give the same rows when it sees the same facts again.
`facts.seqs` and `facts.workspaces` run beside the facts."""

React = Callable[[Any, Any], Iterable["Fact"]]
"""``react(fact, cursor) → facts``: what else happens in the same group, while a `transact` is decided.

The cursor sees everything before `fact`, not `fact` itself: a delete's reaction still finds the rows."""

ReactTogether = Callable[[Any, Any], Iterable["Fact"]]
"""``react(facts, cursor) → facts``: the same for facts of a class that follow one another, which are handed over at
once and come before what any of them sets off. The cursor sees everything before the first of them."""


@dataclass(frozen=True, slots=True)
class FactType:
    """One class of facts and what is done with it.

    One transaction applies many facts, all those of a class together, classes by `order`, lower first (None: by tag).
    A class with `keeps_place` is never moved past others: what came before it is applied before it, what came after,
    after. Deletes need it wherever an id may be made again; it is dear for frequent facts. With `in_a_row` those that
    follow each other directly come as one batch, and `apply` keeps their order among themselves.

    Classes with the same `lead` come in one batch, mixed and in the log's order, to the `apply` of that class, which
    must be theirs too. So what one row goes through within a batch can be written once.
    """

    cls: type[Fact]
    apply: Apply
    react: tuple[React, ...] = ()
    order: int | None = None
    keeps_place: bool = False
    in_a_row: bool = False
    lead: type[Fact] | None = None


@dataclass(slots=True)
class FactRegistry:
    """All the fact types of an assembly: features add theirs, then the store seals it."""

    types: dict[type[Fact], FactType] = field(default_factory=dict)
    reactions: dict[type[Fact], list[React]] = field(default_factory=dict)
    reactions_together: dict[type[Fact], list[ReactTogether]] = field(default_factory=dict)
    upcasters: dict[type[Fact], Callable[[Any], Fact]] = field(default_factory=dict)

    def add(self, *types: FactType) -> None:
        """Register fact types; a tag or name used twice is a programming error."""
        for t in types:
            if any(o.cls.name == t.cls.name or tag_of(o.cls) == tag_of(t.cls) for o in self.types.values()):
                raise ValueError(f"fact {t.cls.name} ({tag_of(t.cls)}) is registered twice")
            self.types[t.cls] = t
            for r in t.react:
                self.react(t.cls, r)

    def react(self, cls: type[Fact], reaction: React) -> None:
        """Let a feature add facts of its own to the group in which a fact of `cls` is decided."""
        self.reactions.setdefault(cls, []).append(reaction)

    def react_together(self, cls: type[Fact], reaction: ReactTogether) -> None:
        """Like `react`, for reactions that a thousand facts at once must not set off one by one.

        A class has reactions of one kind only.
        """
        self.reactions_together.setdefault(cls, []).append(reaction)

    def upcast(self, old: type[Fact], to_new: Callable[[Any], Fact]) -> None:
        """Read facts of a former version."""
        self.upcasters[old] = to_new

    def by_tag(self) -> Mapping[int, type[Fact]]:
        """Every class that may stand in a log, by tag."""
        return {tag_of(cls): cls for cls in (*self.types, *self.upcasters)}
