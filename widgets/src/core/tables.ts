/** Tables inside an object's fields, as a value's JSON carries them: `{"$table": {rows, columns, preview}}`. Pure. */

import { formatCount } from "./format";
import type { Json, ValuePage } from "./wire";

export interface InnerTable {
  field: string;
  /** As many rows as came along. */
  page: Extract<ValuePage, { type: "table" }>;
  /** Rows of the whole table. */
  rows: number;
}

interface Wrapped {
  rows: number;
  columns: { name: string; type: string }[];
  preview: Record<string, Json>[];
}

/** The tables in an object's own fields. */
export function tablesIn(page: ValuePage): InnerTable[] {
  if (page.type !== "value" || !isObject(page.value)) return [];
  return Object.entries(page.value).flatMap(([field, value]) => {
    const table = unwrap(value);
    if (!table) return [];
    const columns = table.columns.map((column) => ({
      ...column,
      nulls: table.preview.filter((row) => row[column.name] == null).length,
    }));
    return [{ field, rows: table.rows, page: { type: "table" as const, rows: table.preview.length, columns, data: table.preview } }];
  });
}

/** A value with words in the place of its tables, wherever they stand. */
export function withoutTables(page: ValuePage): ValuePage {
  return page.type === "value" ? { type: "value", value: words(page.value) } : page;
}

function words(value: Json): Json {
  const table = unwrap(value);
  if (table) return `table, ${formatCount(table.rows)} × ${formatCount(table.columns.length)}`;
  if (Array.isArray(value)) return value.map(words);
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, words(item)]));
  return value;
}

function unwrap(value: Json | undefined): Wrapped | null {
  const inner = isObject(value) ? value.$table : undefined;
  if (!isObject(inner) || typeof inner.rows !== "number" || !Array.isArray(inner.columns) || !Array.isArray(inner.preview)) return null;
  return inner as unknown as Wrapped;
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
