"""LangGraph with SqliteSaver: checkpoints after every superstep (variant `sync`), or when the run ends (`exit`)."""

# pyright: reportMissingImports=false
from __future__ import annotations

import operator
import sqlite3
import uuid
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, TypedDict

from contestant import Contestant, add_one, main
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send


class Numbered(TypedDict):
    x: int


class Fan(TypedDict):
    items: int
    results: Annotated[list[int], operator.add]


def node(state: Numbered) -> dict[str, int]:
    return {"x": add_one(state["x"])}


class LangGraph(Contestant):
    """A chain of nodes; a long run that is taken up again is one node that goes back to itself, the quicker way."""

    def open(self) -> None:
        connection = sqlite3.connect(self.home / "checkpoints.sqlite", check_same_thread=False)
        self.saver = SqliteSaver(connection)
        self.graph = lru_cache(self._graph)

    def _graph(self, steps: int) -> Any:
        builder = StateGraph(Numbered)
        names = [f"step_{i}" for i in range(steps)]
        for name in names:
            builder.add_node(name, node)
        for before, after in pairwise([START, *names, END]):
            builder.add_edge(before, after)
        return builder.compile(checkpointer=self.saver)

    def _loop(self, steps: int) -> Any:
        builder = StateGraph(Numbered)
        builder.add_node("step", node)
        builder.add_edge(START, "step")
        builder.add_conditional_edges("step", lambda s: "step" if s["x"] < steps else END, ["step", END])
        return builder.compile(checkpointer=self.saver)

    def _config(self, steps: int, thread: str | None = None) -> dict[str, Any]:
        return {"configurable": {"thread_id": thread or uuid.uuid4().hex}, "recursion_limit": steps + 10}

    def chain(self, steps: int) -> int:
        return self.graph(steps).invoke({"x": 0}, self._config(steps), durability=self.variant)["x"]

    def runs(self, count: int, steps: int) -> list[int]:
        configs = [self._config(steps) for _ in range(count)]
        found = self.graph(steps).batch([{"x": 0}] * count, configs, durability=self.variant)
        return [state["x"] for state in found]

    def items(self, count: int) -> list[int]:
        builder = StateGraph(Fan)
        builder.add_node("start", lambda _: {})
        builder.add_node("item", lambda state: {"results": [add_one(state["x"])]})
        builder.add_edge(START, "start")
        builder.add_conditional_edges("start", lambda s: [Send("item", {"x": i}) for i in range(s["items"])], ["item"])
        builder.add_edge("item", END)
        graph = builder.compile(checkpointer=self.saver)
        return graph.invoke({"items": count, "results": []}, self._config(10), durability=self.variant)["results"]

    def start_long(self, steps: int) -> int:
        return self._loop(steps).invoke({"x": 0}, self._config(steps, "long"), durability=self.variant)["x"]

    def resume_long(self, steps: int) -> int:
        self.open()
        config = self._config(steps, "long")
        first = None if self.saver.get_tuple(config) else {"x": 0}  # None goes on from the last checkpoint
        return self._loop(steps).invoke(first, config, durability=self.variant)["x"]


if __name__ == "__main__":
    main(LangGraph)
