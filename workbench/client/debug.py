"""A run that stands still: where it is, what it sees, and those values in the notebook's own names."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping, MutableMapping
from html import escape
from typing import Any

from workbench.client.api import Api
from workbench.client.values import short_text, whole
from workbench.flow.drawing import palette


class DebugState:
    """Where a debug run stands."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.told = dict(told)

    @property
    def status(self) -> str:
        """The run's status."""
        return self.told["status"]

    @property
    def is_paused(self) -> bool:
        """Whether it stands at a block."""
        return self.told["path"] is not None

    @property
    def is_past(self) -> bool:
        """Whether this is an earlier place, looked at by ``run.step("back")``."""
        return self.told.get("isPast", False)

    @property
    def can_step_back(self) -> bool:
        """Whether there is an earlier place to look at."""
        return self.told["canStepBack"]

    @property
    def block(self) -> str | None:
        """The name of the block it stands at."""
        return self.told["blockName"]

    @property
    def path(self) -> str | None:
        """Where in the run: ``loop_1[3]/score``."""
        return self.told["path"]

    @property
    def when(self) -> str | None:
        """``before``, ``after`` or ``error``."""
        return self.told["when"]

    @property
    def variables(self) -> dict[str, Any]:
        """The flow's variables as the block sees them."""
        return dict(self.told["variables"] or {})

    @property
    def names(self) -> dict[str, Any]:
        """What the scopes around it give: ``item``, ``index``…"""
        return dict(self.told["names"] or {})

    @property
    def inputs(self) -> Any:
        """What comes into the block; tables as previews."""
        return self.told["inputs"]

    @property
    def outputs(self) -> dict[str, Any]:
        """The values in sight by handle; tables as previews. `Run.attach` gives them whole."""
        return dict(self.told["blockOutputs"] or {})

    @property
    def call_stack(self) -> list[dict[str, Any]]:
        """The block and the scopes around it, innermost first."""
        return list(self.told["callStack"])

    def __repr__(self) -> str:
        if not self.is_paused:
            return f"Debug run: {self.status}"
        names = ", ".join(f"{n} = {short_text(v, 40)}" for n, v in self.names.items())
        word = "Back" if self.is_past else "Paused"
        return f"{word} {self.when} “{self.block}” at {self.path}{f': {names}' if names else ''}"

    def _repr_html_(self) -> str:
        from workbench.client.showing.tables import grid

        if not self.is_paused:
            return escape(repr(self))
        head = (
            f'<div><span style="color:{palette.WARN}">‖</span> paused {escape(self.when or "")} '
            f"<b>{escape(self.block or '')}</b> <code>{escape(self.path or '')}</code></div>"
        )
        rows = [*self.names.items(), *((f"vars.{n}", v) for n, v in self.variables.items())]
        rows += [("input", self.inputs), *self.outputs.items()]
        return head + grid(("name", "value"), [(n, short_text(v, 90)) for n, v in rows])


class Attached(Mapping[str, Any]):
    """The values that a paused run put into the notebook's names; also by attribute, and those it did not put."""

    def __init__(self, where: str, values: Mapping[str, Any], kept: Mapping[str, str]) -> None:
        self._where = where
        self._values = dict(values)
        self._kept = dict(kept)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_values"][name]
        except KeyError:
            raise AttributeError(f"The run has no value `{name}` in sight; it has {', '.join(self._values)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._values]

    def __repr__(self) -> str:
        put = [f"{n} ({short_text(v, 20)})" for n, v in self._values.items() if n not in self._kept]
        text = f"From {self._where}: {', '.join(put) or 'nothing'}"
        if self._kept:
            text += f"; left yours: {', '.join(f'{n} ({why})' for n, why in self._kept.items())}"
        return text


def in_sight(api: Api, run_id: str, state: DebugState) -> dict[str, Any]:
    """All that a paused run sees, whole: blocks by handle, the scopes' names, ``vars``, and ``input``."""
    values: dict[str, Any] = {}
    for name, shown in state.outputs.items():
        at = state.told["outputs"].get(name)
        path = f"/runs/{run_id}/checkpoints/{at['checkpointId']}/value" if at else None
        values[name] = whole(shown, api, path) if path else shown
    return {**values, **state.names, "vars": state.variables, "input": _input(state, values)}


def _input(state: DebugState, values: Mapping[str, Any]) -> Any:
    """What comes in; where it is a block's value, or an object of several, those are whole."""
    shown = state.inputs
    for name, preview in state.outputs.items():
        if preview == shown and isinstance(shown, dict | list):
            return values[name]
    if isinstance(shown, dict) and set(shown) != {"$table"}:
        return {n: values[n] if n in values and state.outputs.get(n) == v else v for n, v in shown.items()}
    return shown


def put_into(namespace: MutableMapping[str, Any], values: Mapping[str, Any]) -> dict[str, str]:
    """Put values under their names; answers those that were left alone, because the name holds something of the
    builder, a function, a class or a module, with what it is.
    """
    kept: dict[str, str] = {}
    for name, value in values.items():
        mine = namespace.get(name)
        if name in namespace and _is_precious(mine):
            kept[name] = "a module" if type(mine).__name__ == "module" else f"a {type(mine).__name__}"
        else:
            namespace[name] = value
    return kept


def _is_precious(value: Any) -> bool:
    if getattr(builtins, getattr(value, "__name__", ""), None) is value:
        return False
    kind = type(value)
    return kind.__module__.startswith("workbench.") or kind.__name__ == "module" or callable(value)
