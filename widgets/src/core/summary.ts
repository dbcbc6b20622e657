/** A value as the server shows it in a checkpoint, in the few words that a chip or a card has room for. Pure. */

import type { Summary } from "./wire";

const LONGEST = 40;

interface TablePreview {
  rows: number;
  columns: readonly unknown[];
}

/** The same words as the server's own summaries in events and block states. */
export function summaryOf(output: unknown): Summary | null {
  const table = tableIn(output) ?? tableIn((output as { data?: unknown } | null)?.data);
  if (table) return { kind: "table", rows: table.rows, columns: table.columns.length };
  if (output === undefined) return null;
  const large = (output as { $value?: { preview?: unknown } } | null)?.$value;
  const text = short(large ? large.preview : output);
  return { kind: "value", text: text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text };
}

function tableIn(value: unknown): TablePreview | null {
  return (value as { $table?: TablePreview } | null)?.$table ?? null;
}

function short(value: unknown): string {
  if (Array.isArray(value)) return `${value.length.toLocaleString("en")} item${value.length === 1 ? "" : "s"}`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const keys = Object.keys(value);
  return `{${keys.slice(0, 4).join(", ")}${keys.length > 4 ? ", …" : ""}}`;
}
