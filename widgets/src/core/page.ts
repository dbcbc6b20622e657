/** What all widgets of a page share: one API client, one event connection and one block catalogue per server. */

import { Api, findServer } from "./api";
import { EventStream } from "./events";
import type { BlockType, ExpressionFunction } from "./wire";

export interface Catalogue {
  types: ReadonlyMap<string, BlockType>;
  functions: ExpressionFunction[];
}

export interface Hub {
  api: Api;
  events: EventStream;
  catalogue: () => Promise<Catalogue>;
}

interface Shared {
  hubs?: Map<string, Hub>;
}

const KEY = Symbol.for("workbench");

/** The hub of a server; two bundles in one page still share it. */
export function hubOf(doc: Document, given?: string): Hub {
  const page = globalThis as unknown as Record<symbol, Shared | undefined>;
  const shared = (page[KEY] ??= {});
  const hubs = (shared.hubs ??= new Map());
  const server = findServer(doc, given);
  let hub = hubs.get(server.root);
  if (!hub) {
    hub = makeHub(new Api(server));
    hubs.set(server.root, hub);
  }
  return hub;
}

export function makeHub(api: Api): Hub {
  let loading: Promise<Catalogue> | null = null;
  const load = async (): Promise<Catalogue> => {
    const { types, functions } = await api.blocks();
    return { types: new Map(types.map((type) => [type.type, type])), functions };
  };
  return {
    api,
    events: new EventStream((lastId, signal) => api.events(lastId, signal)),
    catalogue: () => {
      loading ??= load().catch((problem: unknown) => {
        loading = null;
        throw problem;
      });
      return loading;
    },
  };
}
