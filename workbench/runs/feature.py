"""The feature's one face: its services over one engine and one store, and what they register."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.base.clock import Clock
from workbench.blocks.registry import BlockRegistry
from workbench.editing.functions import Functions
from workbench.engine.debugging import Debugger
from workbench.engine.engine import Engine
from workbench.engine.interfaces import Workers
from workbench.engine.signals import SignalDesk
from workbench.runs.again import Again
from workbench.runs.dead_letters import DeadLetters
from workbench.runs.debugging import Debugging
from workbench.runs.events import RunEvents
from workbench.runs.failing import FailureHandlers
from workbench.runs.frames import Frames
from workbench.runs.service import Runs
from workbench.runs.signals import Signalling
from workbench.runs.values import Values
from workbench.storage.store import Store


@dataclass(frozen=True, slots=True)
class RunsFeature:
    """What becomes of functions that run."""

    runs: Runs
    values: Values
    frames: Frames
    debugging: Debugging
    signalling: Signalling
    again: Again
    dead_letters: DeadLetters
    events: RunEvents
    failure_handlers: FailureHandlers

    @classmethod
    def over(
        cls,
        store: Store,
        engine: Engine,
        functions: Functions,
        registry: BlockRegistry,
        clock: Clock,
        workers: Workers,
    ) -> RunsFeature:
        """Build the services."""
        runs = Runs(store, engine, functions, registry, clock)
        return cls(
            runs=runs,
            values=Values(store, engine, runs),
            frames=Frames(store, workers),
            debugging=Debugging(runs, Debugger(engine)),
            signalling=Signalling(runs, SignalDesk(engine)),
            again=Again(store, engine, functions, registry, clock),
            dead_letters=DeadLetters(store, functions, clock),
            events=RunEvents(engine, clock),
            failure_handlers=FailureHandlers(engine, runs),
        )
