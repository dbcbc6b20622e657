/** What a block can be found by besides its name: its type, every text of its config, and what it gave last. Pure. */

import { resultText } from "./format";
import type { Block, BlockState, BlockType, Json } from "./wire";

export interface Findable {
  label: string;
  text: string;
}

export function findables(block: Block, type: BlockType | undefined, state: BlockState | null): Findable[] {
  const found: Findable[] = [{ label: "type", text: `${type?.title ?? ""} ${block.type}`.trim() }, { label: "id", text: block.id }];
  collect(block.config, "", found);
  if (state) {
    const value = resultText(state);
    if (value) found.push({ label: "last value", text: value });
    if (state.error) found.push({ label: "error", text: state.error.message });
  }
  return found;
}

function collect(value: Json, label: string, found: Findable[]): void {
  if (value === null || value === "" || typeof value === "boolean") return;
  if (typeof value === "object") {
    for (const [key, item] of Object.entries(value)) collect(item, Array.isArray(value) ? label : key, found);
  } else found.push({ label, text: String(value) });
}

const AROUND = 24;

/** The piece of a text around what is looked for; null where it is not there. */
export function snippet(text: string, query: string): string | null {
  const at = text.toLowerCase().indexOf(query.trim().toLowerCase());
  if (at < 0 || !query.trim()) return null;
  const from = Math.max(0, at - AROUND);
  const end = Math.min(text.length, at + query.trim().length + AROUND);
  return `${from > 0 ? "…" : ""}${text.slice(from, end).replace(/\s+/g, " ")}${end < text.length ? "…" : ""}`;
}

/** The first of the texts that the query stands in, as one line. */
export function foundIn(texts: readonly Findable[], query: string): string | null {
  for (const { label, text } of texts) {
    const piece = snippet(text, query);
    if (piece !== null) return label ? `${label}: ${piece}` : piece;
  }
  return null;
}
