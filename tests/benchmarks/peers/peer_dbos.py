"""DBOS: workflows and steps journaled in SQLite, each step durable before the next."""

# pyright: reportMissingImports=false
from __future__ import annotations

import asyncio

from contestant import Contestant, add_one, main
from dbos import DBOS, SetWorkflowID


@DBOS.step()
def step(x: int) -> int:
    return add_one(x)


@DBOS.workflow()
def flow(steps: int) -> int:
    x = 0
    for _ in range(steps):
        x = step(x)
    return x


@DBOS.step()
async def async_step(x: int) -> int:
    return add_one(x)


@DBOS.workflow()
async def fan_out(items: int) -> list[int]:
    return await asyncio.gather(*(async_step(x) for x in range(items)))


class Dbos(Contestant):
    """Many runs by `start_workflow`, many items by `gather`: the quickest of its ways here."""

    def open(self) -> None:
        DBOS(
            config={
                "name": "bench",
                "system_database_url": f"sqlite:///{self.home}/dbos.sqlite",
                "log_level": "ERROR",
                "application_version": "1",
                "executor_id": "bench",
            }
        )
        DBOS.launch()

    def chain(self, steps: int) -> int:
        return DBOS.start_workflow(flow, steps).get_result()

    def runs(self, count: int, steps: int) -> list[int]:
        handles = [DBOS.start_workflow(flow, steps) for _ in range(count)]
        return [handle.get_result() for handle in handles]

    def items(self, count: int) -> list[int]:
        return asyncio.run(fan_out(count))

    def start_long(self, steps: int) -> int:
        with SetWorkflowID("long"):
            return DBOS.start_workflow(flow, steps).get_result()

    def resume_long(self, steps: int) -> int:
        self.open()  # launching takes up what was pending
        return DBOS.retrieve_workflow("long").get_result(polling_interval_sec=0.01)


if __name__ == "__main__":
    main(Dbos)
