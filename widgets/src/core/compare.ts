/**
 * Two versions laid over each other: the newer one on the board with what was removed put back as a shadow, each block and
 * wire marked with what became of it; looked at in a session of its own.
 */

import { CanvasSession } from "./session";
import type { Diff, Edge, Flow } from "./wire";

export type Mark = "added" | "removed" | "changed" | "moved";

export interface Marks {
  blocks: Readonly<Record<string, Mark>>;
  edges: Readonly<Record<string, Mark>>;
}

export interface Comparison {
  from: number;
  to: number;
  diff: Diff;
  session: CanvasSession;
}

export const MARKS: Readonly<Record<Mark, { sign: string; word: string }>> = {
  added: { sign: "+", word: "added" },
  removed: { sign: "−", word: "removed" },
  changed: { sign: "~", word: "changed" },
  moved: { sign: "↔", word: "moved" },
};

/** The newer flow with the removed blocks and wires, and what became of each. */
export function overlaid(after: Flow, diff: Diff): { flow: Flow; marks: Marks } {
  const mark = (mark: Mark, ids: readonly { id: string }[]) => ids.map(({ id }): [string, Mark] => [id, mark]);
  const { blocks, edges } = diff;
  const all = [...after.blocks, ...blocks.removed];
  const known = new Set(all.map((b) => b.id));
  const taken = new Set(after.edges.map((e) => e.id));
  const gone = edges.removed.flatMap((edge): Edge[] => {
    if (!known.has(edge.source) || !known.has(edge.target)) return [];
    return [taken.has(edge.id) ? { ...edge, id: `${edge.id} (removed)` } : edge];
  });
  return {
    flow: { ...after, blocks: all, edges: [...after.edges, ...gone] },
    marks: {
      blocks: Object.fromEntries([...mark("moved", blocks.moved), ...mark("changed", blocks.changed), ...mark("added", blocks.added), ...mark("removed", blocks.removed)]),
      edges: Object.fromEntries([...mark("changed", edges.changed), ...mark("added", edges.added), ...mark("removed", gone)]),
    },
  };
}

/** How many blocks became what, each with its mark, and what else differs. */
export function counted(diff: Diff): { mark: Mark | null; words: string }[] {
  const { blocks, edges, variables, layout } = diff;
  const wires = edges.added.length + edges.removed.length + edges.changed.length;
  const named = diff.function.length;
  const marked = (["added", "removed", "changed", "moved"] as const).flatMap((mark) => (blocks[mark].length ? [{ mark, words: `${blocks[mark].length} ${MARKS[mark].word}` }] : []));
  const others = [
    wires && `${wires} ${wires === 1 ? "wire" : "wires"}`,
    variables.length && `${variables.length} ${variables.length === 1 ? "variable" : "variables"}`,
    layout.length && layout.join(" and "),
    named && (named === 1 ? diff.function[0]!.name : `${named} facts of the function`),
  ];
  return [...marked, ...others.flatMap((words) => (words ? [{ mark: null, words }] : []))];
}

/** `1 added, 2 changed`: the same in one line. */
export function countWords(diff: Diff): string {
  return counted(diff).map((part) => part.words).join(", ") || "nothing differs";
}

/** Shows what made one version of another; with `from` = `to` - 1 that is what one change did. */
export async function openComparison(parent: CanvasSession, from: number, to: number): Promise<void> {
  const { api } = parent.hub;
  const [fn, diff] = await Promise.all([api.getFunction(parent.functionId, to), api.editing.diff(parent.functionId, from, to)]);
  const { types, functions } = await parent.hub.catalogue();
  const { flow, marks } = overlaid(fn.flow, diff);
  const session = new CanvasSession(parent.functionId, parent.hub, null, { root: "" });
  const { flow: _flow, breakpoints: _breakpoints, cards, ...head } = fn;
  const lines = Object.fromEntries(fn.flow.blocks.flatMap((b) => (cards?.[b.id] ? [[b.id, { text: cards[b.id]!.text, config: b.config }]] : [])));
  session.store.set({ phase: "ready", fn: head, flow, marks, lines, types, functions });
  session.called.learn(flow);
  parent.store.get().comparison?.session.close();
  parent.store.set({ comparison: { from, to, diff, session }, inspector: null, overlay: null, notice: null });
}

export function closeComparison(parent: CanvasSession): void {
  parent.store.get().comparison?.session.close();
  parent.store.set({ comparison: null });
}
