/** Edits on their way to the server: one step is one gesture, one batch there, and one undo. Pure. */

import { blockById } from "./flow";
import type { Command } from "./commands";
import type { Flow, Json } from "./wire";

/** How a step was sent: sent again after a lost answer it must be the same, so that it counts once. */
export interface Sent {
  key: string;
  version: number;
  commands: Command[];
}

export interface Step {
  commands: Command[];
  /** What is typed in, or null: a step of typing goes on while the same thing is typed in. */
  typing: string | null;
  sent?: Sent;
}

/** What an edit types in: one text or number of a block's config that grows or shrinks at one place; moves by keys too. */
export function typingIn(flow: Flow, commands: readonly Command[]): string | null {
  const [command] = commands;
  if (commands.length !== 1 || command?.type !== "UPDATE_BLOCK" || command.config === undefined || command.name !== undefined) return null;
  const block = blockById(flow, command.blockId);
  const leaves = block ? changedLeaves(block.config, command.config, "") : [];
  const [leaf] = leaves;
  return leaves.length === 1 && leaf && isTyped(leaf.before, leaf.after) ? `${command.blockId}${leaf.path}` : null;
}

interface Leaf {
  path: string;
  before: Json | undefined;
  after: Json | undefined;
}

function changedLeaves(before: Json | undefined, after: Json | undefined, path: string): Leaf[] {
  if (Object.is(before, after)) return [];
  const isTree = (value: Json | undefined): value is Record<string, Json> => typeof value === "object" && value !== null;
  if (!isTree(before) || !isTree(after) || Array.isArray(before) !== Array.isArray(after)) return [{ path, before, after }];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => changedLeaves(before[key], after[key], `${path}/${key}`));
}

function isTyped(before: Json | undefined, after: Json | undefined): boolean {
  const isText = (value: Json | undefined) => value === undefined || value === null || typeof value === "string" || typeof value === "number";
  if (!isText(before) || !isText(after)) return false;
  const [a, b] = [String(before ?? ""), String(after ?? "")];
  const least = Math.min(a.length, b.length);
  let same = 0;
  while (same < least && a[same] === b[same]) same++;
  let end = 0;
  while (end < least - same && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return same + end === least && Math.abs(a.length - b.length) <= 3;
}

/** What commands do, in the words of the server's history: `Move of 3 blocks`. `flow` is the one that they were made on. */
export function labelOf(flow: Flow, commands: readonly Command[]): string {
  const kinds = new Set(commands.map((c) => c.type));
  const names = new Map<string, string>();
  for (const command of commands) {
    if (command.type === "ADD_BLOCK") names.set(command.block.id, command.block.name);
    else if ("blockId" in command) names.set(command.blockId, names.get(command.blockId) ?? blockById(flow, command.blockId)?.name ?? command.blockId);
  }
  const only = (...of: Command["type"][]) => [...kinds].every((kind) => of.includes(kind));
  const one = names.size === 1 ? ` “${[...names.values()][0]}”` : "";
  const count = (type: Command["type"]) => commands.filter((c) => c.type === type).length;
  if (only("MOVE_BLOCK")) return one ? `Move of${one}` : `Move of ${names.size} blocks`;
  if (only("UPDATE_BLOCK")) return one ? `Change of${one}` : `Change of ${names.size} blocks`;
  if (kinds.has("ADD_BLOCK") && only("ADD_BLOCK", "ADD_EDGE", "MOVE_BLOCK")) {
    const n = count("ADD_BLOCK");
    return n === 1 && one ? `New block${one}` : `${n} new block${n === 1 ? "" : "s"}`;
  }
  if (kinds.has("REMOVE_BLOCK") && only("REMOVE_BLOCK", "REMOVE_EDGE", "ADD_EDGE")) return one ? `Removal of${one}` : `Removal of ${count("REMOVE_BLOCK")} blocks`;
  const [first] = kinds;
  return (kinds.size === 1 && first && PLAIN[first]) || `${commands.length} changes`;
}

const PLAIN: Partial<Record<Command["type"], string>> = {
  ADD_EDGE: "New wire",
  REMOVE_EDGE: "Removal of a wire",
  SET_VARIABLES: "Change of the variables",
  SET_NOTES: "Change of the notes",
  SET_GROUPS: "Change of the groups",
  UPDATE_FUNCTION: "Change of the function",
};
