/** What had been done where a debugger that went back stands now: what came later is not shown as done. Pure. */

import { cachedRegions } from "./regions";
import type { CanvasState } from "./state";
import type { DebugState } from "./wire";

type Seen = Pick<CanvasState, "view" | "flow" | "types" | "root">;

const known = new WeakMap<DebugState, { flow: Seen["flow"]; done: ReadonlySet<string> }>();

/** The blocks that were reached by then; null while the view is of the present. */
export function doneByThen(state: Seen): ReadonlySet<string> | null {
  const debug = state.view?.debug;
  if (!debug?.isPast || state.root) return null;
  const found = known.get(debug);
  if (found?.flow === state.flow) return found.done;
  const seen = Object.values(debug.outputs as Record<string, { blockId: string }>).map((output) => output.blockId);
  const done = new Set([...seen, ...debug.callStack.map((frame) => frame.blockId)]);
  // A scope that is through had all that is inside it behind it.
  for (const region of cachedRegions(state.flow, state.types)) if (seen.includes(region.scopeId)) for (const id of region.members) done.add(id);
  if (debug.blockId) done.add(debug.blockId);
  known.set(debug, { flow: state.flow, done });
  return done;
}
