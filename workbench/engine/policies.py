"""What a function says of its own runs: time limit, concurrency, retention, what to run when one fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from workbench.base.errors import InvalidInput, Issue, WorkbenchError
from workbench.flow.expressions import Template, missing
from workbench.storage.values import to_json

LONGEST_KEY = 500


@dataclass(frozen=True, slots=True)
class Concurrency:
    """At most `limit` runs of the function (of one key, where there is an expression for it) under way at once."""

    limit: int
    policy: Literal["queue", "skip", "replace"] = "queue"
    key: Template | None = None

    def key_of(self, inputs: Mapping[str, Any]) -> str:
        """The key of a run with these inputs. Raises InvalidInput that names the expression."""
        if self.key is None:
            return ""

        def get(name: str) -> Any:
            if name == "input":
                return inputs
            raise missing(name, ["input"])

        try:
            value = to_json(self.key.evaluate(get))
        except WorkbenchError as error:
            raise InvalidInput(
                f"The function's concurrency key `{self.key.text}` has no value for these inputs: {error.message}",
                hint=error.hint or "Send the inputs that it reads, or change it with PUT F/settings.",
                details=[Issue("concurrency.key", error.message)],
            ) from None
        return (value if isinstance(value, str) else repr(value))[:LONGEST_KEY]


@dataclass(frozen=True, slots=True)
class FunctionPolicy:
    """A function's settings as the engine needs them. `timeout_ms` is that of runs that say none themselves."""

    timeout_ms: int | None = None
    concurrency: Concurrency | None = None
    keep_days: float | None = None
    keep_runs: int | None = None
    on_failure: str | None = None
    """The id of the function that is run with the failure as its input."""


class Policies:
    """By function id; functions without settings of their own are not here."""

    def __init__(self) -> None:
        self._by_function: dict[str, FunctionPolicy] = {}

    def load(self, policies: Iterable[tuple[str, FunctionPolicy]]) -> None:
        """Take in all of them, at start."""
        self._by_function = dict(policies)

    def put(self, function_id: str, policy: FunctionPolicy | None) -> None:
        """A function's settings as they are now; None where it has none, or is gone."""
        if policy is None or policy == FunctionPolicy():
            self._by_function.pop(function_id, None)
        else:
            self._by_function[function_id] = policy

    def of(self, function_id: str) -> FunctionPolicy | None:
        """What the function says; None when it says nothing."""
        return self._by_function.get(function_id)

    def retentions(self) -> list[tuple[str, float | None, int | None]]:
        """Function id, days and runs to keep, of each function that says so itself."""
        found = self._by_function.items()
        return [(f, p.keep_days, p.keep_runs) for f, p in found if p.keep_days is not None or p.keep_runs is not None]
