/** A run as the canvas sees it: one state per block, folded from the server's answer and its events. Pure. */

import type { BlockEventItem, BlockState, Checkpoint, DebugState, Run, WireEvents } from "./wire";
import { hasEnded } from "./format";
import { summaryOf } from "./summary";

export interface RunView {
  run: Run;
  blocks: Readonly<Record<string, BlockState>>;
  debug: DebugState | null;
}

export function viewOf(run: Run, debug: DebugState | null = null): RunView {
  const states = run.blockStates ?? fromCheckpoints(run.checkpoints ?? []);
  return { run: withoutBulk(run), blocks: Object.fromEntries(states.map((s) => [s.blockId, s])), debug };
}

function withoutBulk(run: Run): Run {
  const { blockStates: _states, checkpoints: _checkpoints, ...rest } = run;
  return rest;
}

/** For a server that sends no `blockStates`: the last checkpoint of each block counts. */
export function fromCheckpoints(checkpoints: readonly Checkpoint[]): BlockState[] {
  const states = new Map<string, BlockState>();
  for (const c of checkpoints) {
    const before = states.get(c.blockId);
    states.set(c.blockId, {
      blockId: c.blockId,
      status: c.status,
      completed: (before?.completed ?? 0) + (c.status === "completed" ? 1 : 0),
      failed: (before?.failed ?? 0) + (c.status === "failed" ? 1 : 0),
      skipped: (before?.skipped ?? 0) + (c.status === "skipped" ? 1 : 0),
      lastPath: c.path,
      lastAttempt: c.attempt,
      port: c.port ?? null,
      summary: c.status === "completed" ? summaryOf(c.output) : null,
      error: c.error ?? null,
      ...(c.flags ? { flags: c.flags } : {}),
      ...(c.waiting ? { waiting: c.waiting } : {}),
      runMs: c.runMs ?? null,
    });
  }
  return [...states.values()];
}

export function onRun(view: RunView, run: Run): RunView {
  if (run.id !== view.run.id) return view;
  const ended = hasEnded(run.status);
  return { ...view, run: { ...view.run, ...withoutBulk(run) }, debug: ended ? null : view.debug };
}

export function onBlocks(view: RunView, event: WireEvents["block"]): RunView {
  if (event.runId !== view.run.id || event.items.length === 0) return view;
  const blocks = { ...view.blocks };
  for (const item of event.items) blocks[item.blockId] = stateOf(item, blocks[item.blockId]);
  return { ...view, blocks };
}

function stateOf(item: BlockEventItem, before: BlockState | undefined): BlockState {
  const { path, attempt, ...rest } = item;
  return {
    ...rest,
    lastPath: path,
    lastAttempt: attempt,
    summary: item.summary ?? (item.status === "completed" ? null : (before?.summary ?? null)),
    total: item.total ?? before?.total ?? null,
    waiting: item.status === "waiting" ? (item.waiting ?? before?.waiting ?? null) : null,
    done: item.done ?? before?.done ?? null,
  };
}

export function onDebug(view: RunView, state: DebugState): RunView {
  if (state.runId !== view.run.id) return view;
  return { ...view, debug: hasEnded(state.status) ? null : state, run: { ...view.run, status: state.status } };
}

/** How many blocks stand in each state, for the status line; of `done` only, where one looks at the past. */
export function countStates(view: RunView, done: ReadonlySet<string> | null = null): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const state of Object.values(view.blocks)) if (!done || (done.has(state.blockId) && state.blockId !== view.debug?.blockId)) counts[state.status] = (counts[state.status] ?? 0) + 1;
  return counts;
}
