/** A function after commands, and a newer flow told by an older one's objects. Pure. */

import { applyAll, equal, type Command } from "./commands";
import type { Flow, WorkflowFunction } from "./wire";

/** A function after commands: its flow, and its own name, description and status. */
export function withCommands(fn: WorkflowFunction, commands: readonly Command[], version: number): WorkflowFunction {
  const head = Object.assign({}, ...commands.flatMap(({ type, ...said }) => (type === "UPDATE_FUNCTION" ? [said] : []))) as Partial<WorkflowFunction>;
  return { ...fn, ...head, version, flow: applyAll(fn.flow, commands) };
}

/** The new flow with every block and edge that is equal to the old one's being the same object: views redraw less. */
export function reuse(old: Flow | undefined, now: Flow): Flow {
  if (!old || old === now) return now;
  const blocks = new Map(old.blocks.map((b) => [b.id, b]));
  const edges = new Map(old.edges.map((e) => [e.id, e]));
  const flow = {
    ...now,
    blocks: now.blocks.map((b) => (equal(blocks.get(b.id), b) ? blocks.get(b.id)! : b)),
    edges: now.edges.map((e) => (equal(edges.get(e.id), e) ? edges.get(e.id)! : e)),
  };
  const isSame = (a: readonly unknown[], b: readonly unknown[]) => a.length === b.length && a.every((item, i) => item === b[i]);
  const same = isSame(flow.blocks, old.blocks) && isSame(flow.edges, old.edges) && equal(flow.variables, old.variables) && equal(flow.notes, old.notes) && equal(flow.groups, old.groups);
  return same ? old : flow;
}
