/** Commands as they are sent: of notes and groups only what changed, where ids tell them apart. Pure. */

import { apply, equal, type Command } from "./commands";
import type { Flow, Json } from "./wire";

type Item = Record<string, Json>;

const KINDS = { SET_NOTES: { list: "notes", one: "note" }, SET_GROUPS: { list: "groups", one: "group" } } as const;

/** What the wire takes in place of the commands; `flow` is the one that they were made on. */
export function toSend(flow: Flow, commands: readonly Command[]): { type: string }[] {
  let at = flow;
  return commands.flatMap((command) => {
    const before = at;
    at = apply(at, command);
    if (command.type !== "SET_NOTES" && command.type !== "SET_GROUPS") return [command];
    const { list, one } = KINDS[command.type];
    return itemByItem(one, before[list], at[list]) ?? [command];
  });
}

/** Null where the lists cannot be told by their items: no ids, the same id twice, another order, a field that is null. */
function itemByItem(one: "note" | "group", before: readonly Item[], after: readonly Item[]): { type: string }[] | null {
  const old = new Map(before.map((item) => [item.id, item]));
  const now = new Map(after.map((item) => [item.id, item]));
  const isTold = [...before, ...after].every((item) => typeof item.id === "string" && item.id !== "" && !Object.values(item).includes(null));
  if (!isTold || old.size !== before.length || now.size !== after.length) return null;
  const kept = [...old.keys()].filter((id) => now.has(id));
  if (!equal([...now.keys()].slice(0, kept.length), kept)) return null;
  const kind = one.toUpperCase();
  const removed = before.filter((item) => !now.has(item.id)).map((item) => ({ type: `REMOVE_${kind}`, [`${one}Id`]: item.id }));
  const changed = kept.flatMap((id) => {
    const fields = changes(old.get(id)!, now.get(id)!);
    return Object.keys(fields).length ? [{ type: `UPDATE_${kind}`, [`${one}Id`]: id, [one]: fields }] : [];
  });
  const added = after.slice(kept.length).map((item) => ({ type: `ADD_${kind}`, [one]: item }));
  return [...removed, ...changed, ...added];
}

/** The fields that are new or differ, and null for those that are gone. */
function changes(before: Item, after: Item): Item {
  const gone = Object.keys(before).filter((name) => !(name in after));
  const set = Object.entries(after).filter(([name, value]) => !equal(before[name], value));
  return Object.fromEntries([...gone.map((name): [string, Json] => [name, null]), ...set]);
}
