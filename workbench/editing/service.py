"""The feature's one face: canvases, functions, and the memory they share."""

from __future__ import annotations

from workbench.base.clock import Clock
from workbench.base.ids import Ids
from workbench.blocks.registry import BlockRegistry
from workbench.editing.bundles import Bundles
from workbench.editing.canvases import Canvases
from workbench.editing.copies import Copies
from workbench.editing.flow_store import flow_for_recovery, flows_with
from workbench.editing.functions import Functions, for_engine
from workbench.editing.history import History
from workbench.editing.memory import Memory
from workbench.editing.secret_uses import uses_of
from workbench.editing.settings import Settings
from workbench.editing.snapshots import Snapshots
from workbench.engine.engine import Engine
from workbench.engine.records import Breakpoint
from workbench.flow.expressions.secret_names import SECRETS
from workbench.flow.model import Flow
from workbench.secrets.models import SecretUse
from workbench.secrets.service import Secrets
from workbench.storage.store import Store


class Editing:
    """What people draw."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        registry: BlockRegistry,
        clock: Clock,
        ids: Ids,
        secrets: Secrets | None = None,
    ) -> None:
        """Without `secrets` validation does not look whether those that expressions name are there."""
        self._store = store
        self._memory = Memory()
        self.canvases = Canvases(store, engine, self._memory, clock, ids)
        self._registry = registry
        if secrets is not None:
            secrets.uses = self.secret_uses
        names = secrets.names if secrets is not None else None
        self.functions = Functions(store, engine, registry, self._memory, clock, ids, names)
        self.settings = Settings(store, engine, self.functions)
        self.history = History(store, self.functions, registry, self._memory, clock, ids)
        self.snapshots = Snapshots(store, self.functions, self.history, clock, ids)
        self.copies = Copies(store, self.functions, self.settings, self._memory, clock, ids)
        self.bundles = Bundles(store, self.functions, self.settings, registry, self._memory, clock, ids, names)
        self._memory.on_drop += [self.functions.calls.forget, self.settings.drop, engine.forget_function]

    async def start(self) -> None:
        """Load the memory."""
        await self._store.read(self._memory.load)
        await self.settings.start()

    async def secret_uses(self, workspace_id: str) -> dict[str, list[SecretUse]]:
        """By the name of a secret, the functions that name it in their latest version."""
        return uses_of(await self._store.read(lambda c: flows_with(c, workspace_id, SECRETS)), self._registry)

    async def flow_for_recovery(self, function_id: str, version: int) -> tuple[Flow, tuple[Breakpoint, ...]] | None:
        """The flow of a version that an open run walks, and its function's breakpoints; None when it is gone."""
        found = await self._store.read(lambda c: flow_for_recovery(c, function_id, version))
        return (found[0], for_engine(found[1])) if found is not None else None
