"""Apache Burr: a state machine of actions; SQLitePersister saves the state after every action."""

# pyright: reportMissingImports=false
from __future__ import annotations

import asyncio
import uuid
from typing import Any

from burr.core import ApplicationBuilder, Condition, State, action
from burr.core.parallelism import MapStates
from burr.core.persistence import SQLitePersister
from contestant import Contestant, add_one, main


@action(reads=["x"], writes=["x"])
def step(state: State) -> State:
    return state.update(x=add_one(state["x"]))


@action(reads=["x"], writes=["x"])
async def async_step(state: State) -> State:
    return state.update(x=add_one(state["x"]))


class Map(MapStates):
    """Its way to map: one action that runs an action for each state."""

    def action(self, state: State, inputs: dict[str, Any]) -> Any:
        return step

    def states(self, state: State, context: Any, inputs: dict[str, Any]) -> Any:
        for x in range(state["items"]):
            yield state.update(x=x)

    def reduce(self, state: State, states: Any) -> State:
        return state.update(results=[each["x"] for each in states])

    @property
    def reads(self) -> list[str]:
        return ["items"]

    @property
    def writes(self) -> list[str]:
        return ["results"]


class Burr(Contestant):
    """Loops by an action that goes back to itself, which is quicker here than a chain of actions."""

    def open(self) -> None:
        self.persister = SQLitePersister(str(self.home / "burr.sqlite"), connect_kwargs={"check_same_thread": False})
        self.persister.initialize()

    def _builder(self, steps: int, function: Any, persister: Any, run_id: str) -> Any:
        actions = {"step": function, "end": function} if steps > 1 else {"end": function}
        wires = [("step", "end", Condition.expr(f"x >= {steps - 1}")), ("step", "step")] if steps > 1 else []
        return (
            ApplicationBuilder()
            .with_actions(**actions)
            .with_transitions(*wires)
            .with_identifiers(app_id=run_id)
            .initialize_from(
                persister, resume_at_next_action=True, default_state={"x": 0}, default_entrypoint=next(iter(actions))
            )
            .with_state_persister(persister)
        )

    def chain(self, steps: int, run_id: str | None = None) -> int:
        app = self._builder(steps, step, self.persister, run_id or uuid.uuid4().hex).build()
        return app.run(halt_after=["end"])[2]["x"]

    def runs(self, count: int, steps: int) -> list[int]:
        return asyncio.run(self._runs(count, steps))

    async def _runs(self, count: int, steps: int) -> list[int]:
        from burr.integrations.persisters.b_aiosqlite import AsyncSQLitePersister

        path = str(self.home / f"async-{uuid.uuid4().hex}.sqlite")
        persister = await AsyncSQLitePersister.from_values(db_path=path)
        await persister.initialize()

        async def one() -> int:
            app = await self._builder(steps, async_step, persister, uuid.uuid4().hex).abuild()
            return (await app.arun(halt_after=["end"]))[2]["x"]

        try:
            return await asyncio.gather(*(one() for _ in range(count)))
        finally:
            await persister.cleanup()

    def items(self, count: int) -> list[int]:
        state = {"items": count, "x": 0, "results": []}
        app = (
            ApplicationBuilder()
            .with_actions(fan=Map())
            .with_transitions()
            .with_identifiers(app_id=uuid.uuid4().hex)
            .initialize_from(self.persister, resume_at_next_action=True, default_state=state, default_entrypoint="fan")
            .with_state_persister(self.persister)
            .build()
        )
        return app.run(halt_after=["fan"])[2]["results"]

    def start_long(self, steps: int) -> int:
        return self.chain(steps, "long")

    def resume_long(self, steps: int) -> int:
        self.open()
        return self.chain(steps, "long")


if __name__ == "__main__":
    main(Burr)
