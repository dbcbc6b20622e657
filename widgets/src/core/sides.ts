/** Two states of one flow side by side: what differs between mine and theirs, field by field. Pure. */

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

/** Fields of blocks that are not the same on both sides; where only one side has the block, one line says so. */
export function sidesOf(mine: Flow, theirs: Flow): Side[] {
  const others = new Map(theirs.blocks.map((b) => [b.id, b]));
  const own = new Map(mine.blocks.map((b) => [b.id, b]));
  const found = mine.blocks.flatMap((block): Side[] => {
    const other = others.get(block.id);
    if (!other) return [{ blockId: block.id, name: block.name, field: "block", mine: "there", theirs: undefined }];
    return fieldsOf(block, other);
  });
  const gone = theirs.blocks.filter((b) => !own.has(b.id)).map((b): Side => ({ blockId: b.id, name: b.name, field: "block", mine: undefined, theirs: "there" }));
  const named = Object.keys({ ...mine.variables, ...theirs.variables }).filter((name) => !equal(mine.variables[name], theirs.variables[name]));
  const variables = named.map((name): Side => ({ blockId: "", name: "variables", field: name, mine: mine.variables[name], theirs: theirs.variables[name] }));
  return [...found, ...gone, ...variables];
}

function fieldsOf(mine: Block, theirs: Block): Side[] {
  const side = (field: string, a: Json | undefined, b: Json | undefined): Side[] => (equal(a, b) ? [] : [{ blockId: mine.id, name: mine.name, field, mine: a, theirs: b }]);
  const plain = (block: Block) => ({ ...block, disabled: block.disabled ?? false, policy: (block.policy ?? null) as Json });
  const [a, b] = [plain(mine), plain(theirs)];
  const keys = Object.keys({ ...a.config, ...b.config });
  return [...FIELDS.flatMap((field) => side(field, a[field], b[field])), ...keys.flatMap((key) => side(key, a.config[key], b.config[key]))];
}

/** A value in one line. */
export function inOneLine(value: Json | undefined): string {
  if (value === undefined || value === null || value === "") return "–";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.replace(/\s+/g, " ");
}
