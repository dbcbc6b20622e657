/** Edits of a flow as values: applied, inverted and compared by pure functions. They are spelt as the wire spells them. */

import type { Block, Edge, Flow, FunctionStatus, Json, Policy, Position, WireCommand } from "./wire";

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
  | { type: "SET_GROUPS"; groups: Record<string, Json>[] }
  | { type: "UPDATE_FUNCTION"; name?: string; description?: string | null; status?: FunctionStatus };

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
    case "UPDATE_FUNCTION":
      return flow;
  }
}

export function applyAll(flow: Flow, commands: readonly Command[]): Flow {
  return commands.reduce(apply, flow);
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

/** Drops commands that later ones of the same kind on the same block overtake, so a long drag stays one move. */
export function fold(commands: readonly Command[]): Command[] {
  const out: Command[] = [];
  for (const command of commands) {
    const last = out[out.length - 1];
    const moved = command.type === "MOVE_BLOCK" && out.every((c) => c.type === "MOVE_BLOCK") ? out.findIndex((c) => c.type === "MOVE_BLOCK" && c.blockId === command.blockId) : -1;
    if (moved >= 0) {
      out[moved] = command;
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
  "UPDATE_FUNCTION",
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
