/** Putting edits that were made on one state onto another one, which someone else made meanwhile. Pure. */

import { apply, equal, sameWire, touchedBlocks, type Command } from "./commands";
import { freshId } from "./flow";
import type { Flow, Json } from "./wire";

/**
 * Whether commands made on `before` may be applied to `after`: when no block that they touch differs. A moved block counts
 * as the same unless the command moves it too. Variables, notes and groups go by their own names and ids.
 */
export function mayReplay(before: Flow, after: Flow, commands: readonly Command[]): boolean {
  const old = new Map(before.blocks.map((b) => [b.id, b]));
  const now = new Map(after.blocks.map((b) => [b.id, b]));
  return commands.every((command) => {
    if (command.type === "SET_VARIABLES") return merged(before.variables, command.variables, after.variables) !== null;
    if (command.type === "SET_NOTES") return merged(byId(before.notes), byId(command.notes), byId(after.notes)) !== null;
    if (command.type === "SET_GROUPS") return merged(byId(before.groups), byId(command.groups), byId(after.groups)) !== null;
    return touchedBlocks(before, command).every((id) => {
      const a = old.get(id);
      const b = now.get(id);
      // A block of these very edits: should its id be taken meanwhile, it gets another one.
      if (!a) return true;
      if (!b) return command.type === "REMOVE_BLOCK" || command.type === "MOVE_BLOCK";
      return command.type === "MOVE_BLOCK" || equal({ ...a, position: null }, { ...b, position: null });
    });
  });
}

/** The commands as they mean the same on `after`: new things get ids that are free there, lists keep what others put in. */
export function replayed(before: Flow, after: Flow, commands: readonly Command[]): Command[] {
  const blocks = new Map<string, string>();
  const edges = new Map<string, string>();
  const blockIds = new Set([...after.blocks.map((b) => b.id), ...added(commands, "ADD_BLOCK")]);
  const edgeIds = new Set([...after.edges.map((e) => e.id), ...added(commands, "ADD_EDGE")]);
  const block = (id: string) => blocks.get(id) ?? id;
  return commands.map((command): Command => {
    switch (command.type) {
      case "ADD_BLOCK": {
        const { id, type } = command.block;
        if (!before.blocks.some((b) => b.id === id) && after.blocks.some((b) => b.id === id)) blocks.set(id, take(type, blockIds));
        return { ...command, block: { ...command.block, id: block(id) } };
      }
      case "ADD_EDGE": {
        const edge = { ...command.edge, source: block(command.edge.source), target: block(command.edge.target) };
        if (after.edges.some((e) => e.id === edge.id && !sameWire(e, edge))) edges.set(edge.id, take("edge", edgeIds));
        return { ...command, edge: { ...edge, id: edges.get(edge.id) ?? edge.id } };
      }
      case "REMOVE_EDGE":
        return { ...command, edgeId: edges.get(command.edgeId) ?? command.edgeId };
      case "UPDATE_BLOCK":
      case "MOVE_BLOCK":
      case "REMOVE_BLOCK":
        return { ...command, blockId: block(command.blockId) };
      case "SET_VARIABLES":
        return { ...command, variables: merged(before.variables, command.variables, after.variables) ?? command.variables };
      case "SET_NOTES":
        return { ...command, notes: listed(merged(byId(before.notes), byId(command.notes), byId(after.notes))) ?? command.notes };
      case "SET_GROUPS":
        return { ...command, groups: listed(merged(byId(before.groups), byId(command.groups), byId(after.groups))) ?? command.groups };
      case "UPDATE_FUNCTION":
        return command;
    }
  });
}

/** The commands that do something on this flow; the server refuses those that do nothing. */
export function effective(flow: Flow, commands: readonly Command[]): Command[] {
  let at = flow;
  return commands.filter((command) => {
    const next = apply(at, command);
    const does = command.type === "UPDATE_FUNCTION" || (next !== at && !isSame(at, next, command));
    at = next;
    return does;
  });
}

function isSame(before: Flow, after: Flow, command: Command): boolean {
  if (command.type === "UPDATE_BLOCK" || command.type === "MOVE_BLOCK") {
    const find = (flow: Flow) => flow.blocks.find((b) => b.id === command.blockId);
    return equal(find(before), find(after));
  }
  if (command.type === "SET_VARIABLES") return equal(before.variables, after.variables);
  if (command.type === "SET_NOTES") return equal(before.notes, after.notes);
  if (command.type === "SET_GROUPS") return equal(before.groups, after.groups);
  return false;
}

function added(commands: readonly Command[], type: "ADD_BLOCK" | "ADD_EDGE"): string[] {
  return commands.flatMap((c) => (c.type === type && c.type === "ADD_BLOCK" ? [c.block.id] : c.type === type && c.type === "ADD_EDGE" ? [c.edge.id] : []));
}

function take(stem: string, ids: Set<string>): string {
  const id = freshId(stem, ids);
  ids.add(id);
  return id;
}

type Named = Record<string, Json>;

/** Three states of named things made one: null when both sides changed the same thing, each in its own way. */
function merged(base: Named, mine: Named, theirs: Named): Named | null {
  const out: Named = { ...theirs };
  for (const name of new Set([...Object.keys(base), ...Object.keys(mine)])) {
    if (equal(base[name], mine[name])) continue;
    if (!equal(base[name], theirs[name]) && !equal(mine[name], theirs[name])) return null;
    if (name in mine) out[name] = mine[name]!;
    else delete out[name];
  }
  return out;
}

function byId(list: readonly Record<string, Json>[]): Named {
  return Object.fromEntries(list.map((item, i) => [String(item.id ?? i), item]));
}

function listed(named: Named | null): Record<string, Json>[] | null {
  return named && (Object.values(named) as Record<string, Json>[]);
}
