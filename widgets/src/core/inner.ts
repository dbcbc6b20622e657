/**
 * Going into a function that a block calls: a session of its own that only looks, with the part of the run that happened in
 * there. It follows the session that it was opened from.
 */

import { blockById } from "./flow";
import { fromCheckpoints, type RunView } from "./runview";
import { CanvasSession } from "./session";
import type { CanvasState } from "./state";
import type { Block, Run } from "./wire";

/** An open inner function: which block leads there, and the session that shows it. */
export interface InnerPlace {
  blockId: string;
  name: string;
  version: number;
  session: CanvasSession;
}

/** The session in front: the innermost one that is open. */
export function innermost(session: CanvasSession): CanvasSession {
  const { inner, comparison } = session.store.get();
  return comparison ? comparison.session : inner ? innermost(inner.session) : session;
}

/** The way to the session in front, outermost first; without the function that everything starts from. */
export function wayInto(session: CanvasSession): InnerPlace[] {
  const { inner } = session.store.get();
  return inner ? [inner, ...wayInto(inner.session)] : [];
}

export async function openInner(parent: CanvasSession, blockId: string): Promise<void> {
  const block = blockById(parent.store.get().flow, blockId);
  const functionId = block && String(block.config.functionId ?? "");
  if (!block || !functionId) {
    parent.say("Choose the function that it calls first: in its config", "error");
    return;
  }
  try {
    const fn = await parent.hub.api.getFunction(functionId, versionOf(block, parent.store.get().view?.run));
    const { types, functions } = await parent.hub.catalogue();
    const session = new CanvasSession(functionId, parent.hub, null, { root: rootOf(parent, blockId) });
    const { flow, breakpoints, cards, ...head } = fn;
    const lines = Object.fromEntries(flow.blocks.flatMap((b) => (cards?.[b.id] ? [[b.id, { text: cards[b.id]!.text, config: b.config }]] : [])));
    session.store.set({ phase: "ready", fn: head, flow, breakpoints: breakpoints ?? [], lines: lines as CanvasState["lines"], types, functions });
    session.called.learn(flow);
    session.followFrom(parent);
    parent.store.set({ inner: { blockId, name: head.name, version: head.version, session }, inspector: null, functionPanel: false, overlay: null });
  } catch (problem) {
    parent.running.complain(problem);
  }
}

export function closeInner(parent: CanvasSession): void {
  const { inner } = parent.store.get();
  if (!inner) return;
  inner.session.close();
  parent.store.set({ inner: null });
  parent.select([inner.blockId]);
}

/** The version that the run in view has pinned, else the one that the config names, else the newest. */
function versionOf(block: Block, run: (Run & { pins?: Record<string, number> | null }) | undefined): number | undefined {
  const pinned = run?.pins?.[String(block.config.functionId)];
  if (typeof pinned === "number") return pinned;
  return typeof block.config.functionVersion === "number" ? block.config.functionVersion : undefined;
}

/** What the paths of all that ran in there begin with. */
function rootOf(parent: CanvasSession, blockId: string): string {
  return `${parent.running.pathNow(blockId)}[0]/`;
}

/** The run as it is seen from inside: the same run, with the states of the blocks in there. */
export async function innerView(session: CanvasSession, outer: RunView, root: string): Promise<RunView> {
  const found = await session.hub.api.checkpoints(outer.run.id, { prefix: root, limit: 200 });
  const own = found.filter((c) => session.running.belongs(c.path));
  return { run: outer.run, debug: outer.debug, blocks: Object.fromEntries(fromCheckpoints(own).map((s) => [s.blockId, s])) };
}

