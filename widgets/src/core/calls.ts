/** The functions that a flow's blocks call, by name: what a block's config holds is an id. */

import { ApiError, type Api } from "./api";
import type { CanvasState } from "./state";
import type { Store } from "./store";
import type { Block, Flow } from "./wire";

/** A called function as a card names it; without a name when there is none (any more). */
export interface Called {
  name: string | null;
  /** The newest version. */
  version: number;
}

export function calledId(block: Block): string | null {
  const id = block.type === "subflow" ? block.config.functionId : null;
  return typeof id === "string" && id ? id : null;
}

/** `price of one · v3`, or with the newest version when none is pinned. */
export function callLine(block: Block, called: Readonly<Record<string, Called>>): string | null {
  const id = calledId(block);
  if (!id) return "no function chosen";
  const found = called[id];
  if (!found) return null;
  if (found.name === null) return "a function that is gone";
  const pinned = block.config.functionVersion;
  return `${found.name} · ${typeof pinned === "number" ? `v${pinned}` : `newest, v${found.version}`}`;
}

/** Keeps the names of what is called in the store. */
export class CalledNames {
  private asked = new Set<string>();

  constructor(
    private readonly api: Api,
    private readonly store: Store<CanvasState>,
  ) {}

  learn(flow: Flow): void {
    for (const block of flow.blocks) {
      const id = calledId(block);
      if (id && !this.asked.has(id)) void this.ask(id);
    }
  }

  /** A function changed somewhere: perhaps its name, or which version is the newest. */
  changed(id: string): void {
    if (this.asked.has(id)) void this.ask(id);
  }

  private async ask(id: string): Promise<void> {
    this.asked.add(id);
    try {
      const { name, version } = await this.api.getFunction(id);
      this.put(id, { name, version });
    } catch (problem) {
      if (problem instanceof ApiError && problem.mayPass) this.asked.delete(id);
      else this.put(id, { name: null, version: 0 });
    }
  }

  private put(id: string, found: Called): void {
    this.store.set({ called: { ...this.store.get().called, [id]: found } });
  }
}
