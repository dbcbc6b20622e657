"""What a function says of its runs: validated, kept outside its versions, given to the engine."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from workbench.base.errors import InvalidInput, Issue
from workbench.base.ids import to_bytes
from workbench.base.wire import Id, WholeNumber, Wire
from workbench.editing import store as sql
from workbench.editing.facts import FunctionSettingsSet
from workbench.editing.functions import Functions
from workbench.engine.engine import Engine
from workbench.engine.policies import Concurrency, FunctionPolicy
from workbench.flow.expressions import ExpressionError, parse_expression
from workbench.rest import once
from workbench.rest.caller import Caller, missing
from workbench.storage.facts import Fact
from workbench.storage.store import Store

MONTH_MS = 30 * 24 * 3600 * 1000


class ConcurrencyLimit(Wire):
    """At most `limit` runs at once: of the function, or (with `key`, an expression over `input`) of each key."""

    limit: WholeNumber = Field(ge=1, le=10_000)
    key: Annotated[str, StringConstraints(min_length=1, max_length=10_000)] | None = None
    policy: Literal["queue", "skip", "replace"] = "queue"


class Retention(Wire):
    """Finished runs that are kept: of the last `days`, and at most `runs`; null keeps all."""

    days: float | None = Field(default=None, gt=0, le=36_500)
    runs: WholeNumber | None = Field(default=None, ge=1, le=10_000_000)


class FunctionSettings(Wire):
    """Settings of a function, outside its versions. Body of PUT F/settings: what is sent is changed, null clears."""

    timeout_ms: WholeNumber | None = Field(default=None, ge=1, le=MONTH_MS)
    concurrency: ConcurrencyLimit | None = None
    retention: Retention | None = None
    on_failure: Id | None = None
    """The id of the function that runs, with the failure as its input, when a run of this one fails."""

    def policy(self) -> FunctionPolicy:
        """As the engine takes them. Raises ExpressionError for a key that does not parse."""
        limit = None
        if self.concurrency is not None:
            key = self.concurrency.key
            limit = Concurrency(
                self.concurrency.limit, self.concurrency.policy, parse_expression(key) if key is not None else None
            )
        kept = self.retention or Retention()
        return FunctionPolicy(self.timeout_ms, limit, kept.days, kept.runs, self.on_failure)


class Settings:
    """Reads and writes functions' settings."""

    def __init__(self, store: Store, engine: Engine, functions: Functions) -> None:
        self._store = store
        self._engine = engine
        self._functions = functions
        self._by_function: dict[str, FunctionSettings] = {}

    async def start(self) -> None:
        """Load all of them and give them to the engine, before it takes up runs."""
        rows = await self._store.read(sql.all_settings)
        self._by_function = {f: FunctionSettings.model_validate_json(text) for f, text in rows}
        self._engine.holds.policies.load((f, settings.policy()) for f, settings in self._by_function.items())

    def get(self, caller: Caller, function_id: str) -> FunctionSettings:
        """A function's settings. Raises NotFound."""
        head = self._functions.head(caller, function_id)
        return self._by_function.get(head.id) or FunctionSettings()

    def stored(self, function_id: str) -> FunctionSettings | None:
        """A function's settings, if it has been given any."""
        return self._by_function.get(function_id)

    async def put(self, caller: Caller, function_id: str, change: FunctionSettings) -> FunctionSettings:
        """Change what is sent. Raises NotFound, InvalidInput."""
        before = self.get(caller, function_id)
        head = self._functions.head(caller, function_id)
        after = before.model_copy(update={name: getattr(change, name) for name in change.model_fields_set})
        policy = self._checked(caller, after)

        def decide(cursor: Any) -> tuple[list[Fact], FunctionSettings]:
            if sql.find_function(cursor, caller.workspace_id, head.id) is None:
                raise missing("function", function_id)
            return [settings_fact(caller, head.id, after)], after

        await once.transact(self._store, decide, caller.workspace_id)
        self._by_function[head.id] = after
        self._engine.set_policy(head.id, policy)
        return after

    def take(self, function_id: str, settings: FunctionSettings) -> None:
        """Use settings that were stored with something else (an import, a copy)."""
        self._by_function[function_id] = settings
        self._engine.set_policy(function_id, checked_policy(settings))

    def drop(self, function_id: str) -> None:
        """A function is gone."""
        self._by_function.pop(function_id, None)

    def _checked(self, caller: Caller, settings: FunctionSettings) -> FunctionPolicy:
        policy = checked_policy(settings)
        if settings.on_failure is not None and not self._functions.has(caller, settings.on_failure):
            raise InvalidInput(
                "There is no such function to run on failure.",
                details=[Issue("onFailure", "no function of this workspace has this id")],
            )
        return policy


def settings_fact(caller: Caller, function_id: str, settings: FunctionSettings) -> FunctionSettingsSet:
    """The fact that a function has these settings."""
    text = settings.model_dump_json(by_alias=True, exclude_none=True)
    return FunctionSettingsSet(to_bytes(function_id), caller.workspace, text)


def checked_policy(settings: FunctionSettings) -> FunctionPolicy:
    """The settings as the engine takes them. Raises InvalidInput for a concurrency key that cannot be used."""
    try:
        policy = settings.policy()
    except ExpressionError as error:
        raise _bad_key(error.message) from None
    key = policy.concurrency.key if policy.concurrency is not None else None
    other = sorted(key.names - {"input"}) if key is not None else []
    if other:
        raise _bad_key(f"it may use `input` only, not `{other[0]}`")
    return policy


def _bad_key(why: str) -> InvalidInput:
    return InvalidInput(f"The concurrency key cannot be used: {why}.", details=[Issue("concurrency.key", why)])
