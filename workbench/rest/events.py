"""Live events: how a feature says what one of its facts looks like to those who listen."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from workbench.storage.facts import Fact


@dataclass(frozen=True, slots=True)
class EventType:
    """How facts of one class become events on the wire.

    `convert` runs only when somebody listens, on the loop, so it must be quick and may read memory only; None drops
    the event. `run_id` gives the run a fact belongs to, for the events of one run. Facts with the same `item_key` in
    one tick are folded: only the last one is converted, and its result is one of the message's `items`.
    """

    fact: type[Fact]
    event: str
    convert: Callable[[Any], dict[str, Any] | None]
    run_id: Callable[[Any], str | None] = lambda _fact: None
    item_key: Callable[[Any], Hashable] | None = None
    """For `block` events: the block within its run. The message is ``{**head(fact), "items": […]}``."""
    head: Callable[[Any], dict[str, Any]] = lambda _fact: {}
    slim: Callable[[Any], Any] | None = None
    """Makes what is kept of a fact until somebody listens: without its large values, for instance."""
