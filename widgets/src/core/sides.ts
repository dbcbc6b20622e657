/** Two states of one flow that began as one: what mine would put over theirs, field by field. Pure. */

import { equal } from "./commands";
import type { Block, Flow, Json } from "./wire";

export interface Side {
  blockId: string;
  name: string;
  field: string;
  /** Undefined: not there on that side. */
  mine: Json | undefined;
  theirs: Json | undefined;
}

const FIELDS = ["name", "type", "disabled", "policy"] as const;

/** What I changed since `before` that is not the same on the other side; where only one side has a block, one line says so. */
export function sidesOf(before: Flow, mine: Flow, theirs: Flow): Side[] {
  const old = new Map(before.blocks.map((b) => [b.id, b]));
  const others = new Map(theirs.blocks.map((b) => [b.id, b]));
  const own = new Map(mine.blocks.map((b) => [b.id, b]));
  const found = mine.blocks.flatMap((block): Side[] => {
    const other = others.get(block.id);
    const first = old.get(block.id);
    if (other) return fieldsOf(first, block, other);
    return first && !equal(first, block) ? [{ blockId: block.id, name: first.name, field: "block", mine: "there", theirs: undefined }] : [];
  });
  const gone = theirs.blocks.filter((b) => !own.has(b.id) && old.has(b.id)).map((b): Side => ({ blockId: b.id, name: b.name, field: "block", mine: undefined, theirs: "there" }));
  const named = Object.keys({ ...mine.variables, ...theirs.variables }).filter((name) => !equal(mine.variables[name], theirs.variables[name]) && !equal(mine.variables[name], before.variables[name]));
  const variables = named.map((name): Side => ({ blockId: "", name: "variables", field: name, mine: mine.variables[name], theirs: theirs.variables[name] }));
  return [...found, ...gone, ...variables];
}

/** A config goes on as a whole: once I changed any of it, all that differs in it counts. */
function fieldsOf(before: Block | undefined, mine: Block, theirs: Block): Side[] {
  const side = (field: string, a: Json | undefined, b: Json | undefined): Side[] => (equal(a, b) ? [] : [{ blockId: mine.id, name: before?.name ?? mine.name, field, mine: a, theirs: b }]);
  const plain = (block: Block) => ({ ...block, disabled: block.disabled ?? false, policy: (block.policy ?? null) as Json });
  const [a, b] = [plain(mine), plain(theirs)];
  const first = before && plain(before);
  const keys = equal(first?.config, a.config) ? [] : Object.keys({ ...a.config, ...b.config });
  const fields = FIELDS.filter((field) => !first || !equal(first[field], a[field]));
  return [...fields.flatMap((field) => side(field, a[field], b[field])), ...keys.flatMap((key) => side(key, a.config[key], b.config[key]))];
}

/** A value in one line. */
export function inOneLine(value: Json | undefined): string {
  if (value === undefined || value === null || value === "") return "–";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.replace(/\s+/g, " ");
}
