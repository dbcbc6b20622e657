/** Edits of a flow as values: applied, inverted and compared by pure functions. They are spelt as the wire spells them. */

import type { Block, Edge, Flow, Json, Policy, Position, WireCommand } from "./wire";

export type Command =
  | { type: "ADD_BLOCK"; block: Block }
  | {
      type: "UPDATE_BLOCK";
      blockId: string;
      name?: string;
      config?: Record<string, Json>;
      policy?: Policy | null;
      disabled?: boolean;
    }
  | { type: "MOVE_BLOCK"; blockId: string; position: Position }
  | { type: "REMOVE_BLOCK"; blockId: string }
  | { type: "ADD_EDGE"; edge: Edge }
  | { type: "REMOVE_EDGE"; edgeId: string }
  | { type: "SET_VARIABLES"; variables: Record<string, Json> }
  | { type: "SET_NOTES"; notes: Record<string, Json>[] }
  | { type: "SET_GROUPS"; groups: Record<string, Json>[] };

/** The flow after one command. A command whose block or edge is not there (any more) changes nothing. */
export function apply(flow: Flow, command: Command): Flow {
  switch (command.type) {
    case "ADD_BLOCK":
      if (flow.blocks.some((b) => b.id === command.block.id)) return flow;
      return { ...flow, blocks: [...flow.blocks, command.block] };
    case "UPDATE_BLOCK": {
      const { type: _type, blockId, ...changes } = command;
      return replaceBlock(flow, blockId, (block) => ({ ...block, ...changes }));
    }
    case "MOVE_BLOCK":
      return replaceBlock(flow, command.blockId, (block) => ({ ...block, position: command.position }));
    case "REMOVE_BLOCK":
      if (!flow.blocks.some((b) => b.id === command.blockId)) return flow;
      return {
        ...flow,
        blocks: flow.blocks.filter((b) => b.id !== command.blockId),
        edges: flow.edges.filter((e) => e.source !== command.blockId && e.target !== command.blockId),
      };
    case "ADD_EDGE":
      return canAddEdge(flow, command.edge) ? { ...flow, edges: [...flow.edges, command.edge] } : flow;
    case "REMOVE_EDGE":
      if (!flow.edges.some((e) => e.id === command.edgeId)) return flow;
      return { ...flow, edges: flow.edges.filter((e) => e.id !== command.edgeId) };
    case "SET_VARIABLES":
      return { ...flow, variables: command.variables };
    case "SET_NOTES":
      return { ...flow, notes: command.notes };
    case "SET_GROUPS":
      return { ...flow, groups: command.groups };
  }
}

export function applyAll(flow: Flow, commands: readonly Command[]): Flow {
  return commands.reduce(apply, flow);
}

/** What takes `commands` back from the flow they made of `flow`, in the order to apply. */
export function invertAll(flow: Flow, commands: readonly Command[]): Command[] {
  const inverse: Command[] = [];
  let at = flow;
  for (const command of commands) {
    inverse.unshift(...invert(at, command));
    at = apply(at, command);
  }
  return inverse;
}

function invert(flow: Flow, command: Command): Command[] {
  switch (command.type) {
    case "ADD_BLOCK":
      return flow.blocks.some((b) => b.id === command.block.id) ? [] : [{ type: "REMOVE_BLOCK", blockId: command.block.id }];
    case "UPDATE_BLOCK": {
      const block = flow.blocks.find((b) => b.id === command.blockId);
      if (!block) return [];
      const back: Command = { type: "UPDATE_BLOCK", blockId: block.id };
      if (command.name !== undefined) back.name = block.name;
      if (command.config !== undefined) back.config = block.config;
      if (command.policy !== undefined) back.policy = block.policy ?? null;
      if (command.disabled !== undefined) back.disabled = block.disabled ?? false;
      return [back];
    }
    case "MOVE_BLOCK": {
      const block = flow.blocks.find((b) => b.id === command.blockId);
      return block ? [{ type: "MOVE_BLOCK", blockId: block.id, position: block.position }] : [];
    }
    case "REMOVE_BLOCK": {
      const block = flow.blocks.find((b) => b.id === command.blockId);
      if (!block) return [];
      const edges = flow.edges.filter((e) => e.source === block.id || e.target === block.id);
      return [{ type: "ADD_BLOCK", block }, ...edges.map((edge): Command => ({ type: "ADD_EDGE", edge }))];
    }
    case "ADD_EDGE":
      return canAddEdge(flow, command.edge) ? [{ type: "REMOVE_EDGE", edgeId: command.edge.id }] : [];
    case "REMOVE_EDGE": {
      const edge = flow.edges.find((e) => e.id === command.edgeId);
      return edge ? [{ type: "ADD_EDGE", edge }] : [];
    }
    case "SET_VARIABLES":
      return [{ type: "SET_VARIABLES", variables: flow.variables }];
    case "SET_NOTES":
      return [{ type: "SET_NOTES", notes: flow.notes }];
    case "SET_GROUPS":
      return [{ type: "SET_GROUPS", groups: flow.groups }];
  }
}

function replaceBlock(flow: Flow, id: string, change: (block: Block) => Block): Flow {
  if (!flow.blocks.some((b) => b.id === id)) return flow;
  return { ...flow, blocks: flow.blocks.map((b) => (b.id === id ? change(b) : b)) };
}

function canAddEdge(flow: Flow, edge: Edge): boolean {
  const ids = new Set(flow.blocks.map((b) => b.id));
  return ids.has(edge.source) && ids.has(edge.target) && !flow.edges.some((e) => e.id === edge.id || sameWire(e, edge));
}

export function sameWire(a: Edge, b: Edge): boolean {
  return a.source === b.source && a.sourcePort === b.sourcePort && a.target === b.target && a.targetPort === b.targetPort;
}

/** The blocks that a command speaks of; `flow` finds the ends of an edge that it removes. */
export function touchedBlocks(flow: Flow, command: Command): string[] {
  switch (command.type) {
    case "ADD_BLOCK":
      return [command.block.id];
    case "UPDATE_BLOCK":
    case "MOVE_BLOCK":
    case "REMOVE_BLOCK":
      return [command.blockId];
    case "ADD_EDGE":
      return [command.edge.source, command.edge.target];
    case "REMOVE_EDGE": {
      const edge = flow.edges.find((e) => e.id === command.edgeId);
      return edge ? [edge.source, edge.target] : [];
    }
    default:
      return [];
  }
}

/**
 * Whether commands made on `before` may be applied to `after`, which someone else changed meanwhile: when no block that
 * they touch differs. A moved block counts as the same unless the command moves it too.
 */
export function mayReplay(before: Flow, after: Flow, commands: readonly Command[]): boolean {
  const old = new Map(before.blocks.map((b) => [b.id, b]));
  const now = new Map(after.blocks.map((b) => [b.id, b]));
  return commands.every((command) => {
    if (command.type === "SET_VARIABLES") return equal(before.variables, after.variables);
    if (command.type === "SET_NOTES" || command.type === "SET_GROUPS") return true;
    return touchedBlocks(before, command).every((id) => {
      const a = old.get(id);
      const b = now.get(id);
      if (!a) return command.type !== "ADD_BLOCK" || !b;
      if (!b) return false;
      return command.type === "MOVE_BLOCK" || equal({ ...a, position: null }, { ...b, position: null });
    });
  });
}

/** Drops commands that later ones of the same kind on the same block overtake, so a long drag stays one move. */
export function fold(commands: readonly Command[]): Command[] {
  const out: Command[] = [];
  for (const command of commands) {
    const last = out[out.length - 1];
    if (last?.type === "MOVE_BLOCK" && command.type === "MOVE_BLOCK" && last.blockId === command.blockId) {
      out[out.length - 1] = command;
    } else if (last?.type === "UPDATE_BLOCK" && command.type === "UPDATE_BLOCK" && last.blockId === command.blockId) {
      out[out.length - 1] = { ...last, ...command };
    } else {
      out.push(command);
    }
  }
  return out;
}

/** Reads commands as the server's fixes spell them (`payload` apart); what is unknown here is left out. */
export function fromWire(commands: readonly WireCommand[]): Command[] {
  return commands.flatMap((command) => {
    if (!KNOWN.has(command.type)) return [];
    const { functionId: _function, ...payload } = command.payload;
    return [{ type: command.type, ...payload } as unknown as Command];
  });
}

const KNOWN = new Set<string>([
  "ADD_BLOCK",
  "UPDATE_BLOCK",
  "MOVE_BLOCK",
  "REMOVE_BLOCK",
  "ADD_EDGE",
  "REMOVE_EDGE",
  "SET_VARIABLES",
  "SET_NOTES",
  "SET_GROUPS",
]);

/** Deep equality of JSON values, blind to key order. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keysA = Object.keys(a).filter((k) => (a as Record<string, unknown>)[k] !== undefined);
  const keysB = Object.keys(b).filter((k) => (b as Record<string, unknown>)[k] !== undefined);
  if (keysA.length !== keysB.length) return false;
  return keysA.every((k) => equal((a as Record<string, unknown>)[k], (b as Record<string, unknown>)[k]));
}
