/** What an edit did, as the server tells other viewers: exact, small, and applied only to the very version it was made on. Pure. */

import { equal } from "./commands";
import type { Flow, Json, WireChange, WorkflowFunction } from "./wire";

/** The function after the changes; null where they do not fit, and it has to be read again. */
export function applyChanges(fn: WorkflowFunction, changes: readonly WireChange[], version: number): WorkflowFunction | null {
  let now: WorkflowFunction = { ...fn, version };
  for (const change of changes) {
    const next = applied(now, change);
    if (!next) return null;
    now = next;
  }
  return now;
}

const LISTS = { block: "blocks", edge: "edges", note: "notes", group: "groups" } as const;

function applied(fn: WorkflowFunction, change: WireChange): WorkflowFunction | null {
  const { flow } = fn;
  if (change.type === "set") {
    if (change.kind === "function") return { ...fn, [change.path[0]!]: change.after ?? null };
    if (change.kind === "flow") return { ...fn, flow: put(flow, change.path, change) as Flow };
    const list = LISTS[change.kind];
    const items = flow[list] as { id: string }[];
    if (!items.some((item) => item.id === change.id)) return null;
    return { ...fn, flow: { ...flow, [list]: items.map((item) => (item.id === change.id ? put(item, change.path, change) : item)) } };
  }
  const list = LISTS[change.kind];
  const items = flow[list] as { id: string }[];
  const withItems = (next: { id: string }[]) => ({ ...fn, flow: { ...flow, [list]: next } });
  if (change.type === "put") {
    if (items.some((item) => item.id === change.value.id)) return null;
    return withItems([...items.slice(0, change.at), change.value as { id: string }, ...items.slice(change.at)]);
  }
  if (change.type === "order") {
    const byId = new Map(items.map((item) => [item.id, item]));
    return equal([...byId.keys()].sort(), [...change.after].sort()) ? withItems(change.after.map((id) => byId.get(id)!)) : null;
  }
  return items.some((item) => item.id === change.value.id) ? withItems(items.filter((item) => item.id !== change.value.id)) : null;
}

function put(target: unknown, path: readonly string[], { after, absent }: { after?: Json; absent?: string }): unknown {
  const [key, ...rest] = path;
  const home = (typeof target === "object" && target !== null ? target : {}) as Record<string, unknown>;
  if (rest.length) return { ...home, [key!]: put(home[key!], rest, { ...(after === undefined ? {} : { after }), ...(absent ? { absent } : {}) }) };
  if (absent !== "after") return { ...home, [key!]: after ?? null };
  const { [key!]: _gone, ...others } = home;
  return others;
}
