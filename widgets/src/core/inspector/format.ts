/** Numbers, times, sizes and types in the words and widths that the panels use. */

import type { LoadedValue, TableValue } from "./types";

const NARROW = "\u202f";

/** `336,776`. */
export function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

/** `3 ms`, `1.2 s`, `2 min 5 s`, `3 h 4 min`. */
export function duration(ms: number): string {
  if (ms < 0 || !Number.isFinite(ms)) return "–";
  if (ms < 1) return ms === 0 ? `0${NARROW}ms` : `<1${NARROW}ms`;
  if (ms < 1000) return `${Math.round(ms)}${NARROW}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)}${NARROW}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return pair(Math.floor(seconds / 60), "min", seconds % 60, "s");
  if (seconds < 86_400) return pair(Math.floor(seconds / 3600), "h", Math.floor((seconds % 3600) / 60), "min");
  return pair(Math.floor(seconds / 86_400), "d", Math.floor((seconds % 86_400) / 3600), "h");
}

function pair(a: number, unitA: string, b: number, unitB: string): string {
  return b ? `${a}${NARROW}${unitA} ${b}${NARROW}${unitB}` : `${a}${NARROW}${unitA}`;
}

/** `14:03:07.120` in the reader's zone. */
export function clockTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/** A polars or Arrow type in as few letters as tell it apart. */
export function shortType(type: string): string {
  const bare = type.replace(/\(.*$/s, "").trim();
  const names: Record<string, string> = {
    String: "text",
    Utf8: "text",
    LargeUtf8: "text",
    large_string: "text",
    string: "text",
    Boolean: "bool",
    bool: "bool",
    Datetime: "datetime",
    Date: "date",
    Time: "time",
    Duration: "duration",
    Categorical: "category",
    Enum: "enum",
    List: "list",
    Array: "array",
    Struct: "object",
    Object: "object",
    Null: "null",
    Decimal: "decimal",
    Binary: "bytes",
  };
  const number = /^(u?)(?:int|float)(\d+)$/i.exec(bare);
  if (number) return `${number[1]?.toLowerCase() ?? ""}${/^u?int/i.test(bare) ? "int" : "float"}${number[2]}`;
  return names[bare] ?? bare.toLowerCase();
}

export function isNumeric(type: string): boolean {
  return /^(u?int\d*|[a-z]*integer|(big|huge|small|tiny)int|float\d*|double|real|number|decimal)(\(.*\))?$/i.test(type);
}

/** One cell's text. Null is not text: the view gives it its own sign. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : trimNumber(value);
  if (typeof value === "string") return value.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d+)?)Z?$/, "$1 $2");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** At most six digits that matter: a table is for looking, a copy has them all. */
export function trimNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e15)) return value.toExponential(3);
  return String(Number(value.toPrecision(magnitude >= 1e6 ? 12 : 6)));
}

export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

/** The page as CSV, as RFC 4180 writes it. */
export function toCsv(table: TableValue): string {
  const names = table.columns.map((column) => column.name);
  const lines = [names.map(csvCell).join(","), ...table.data.map((row) => names.map((name) => csvCell(row[name])).join(","))];
  return lines.join("\r\n") + "\r\n";
}

/** What a value is, in a chip's width: `336,776 × 19`, `"ok"`, `417`, `list of 3`. */
export function chip(value: LoadedValue): string {
  if (value.type === "table") return `${grouped(value.rows)} × ${grouped(value.columns.length)}`;
  if (value.type === "none") return "–";
  const inner = value.value;
  if (Array.isArray(inner)) return `list of ${grouped(inner.length)}`;
  if (inner !== null && typeof inner === "object") return `object, ${Object.keys(inner).length} fields`;
  const text = JSON.stringify(inner) ?? "null";
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

/** `"1–50 of 336,776"`. */
export function pageText(offset: number, shown: number, total: number): string {
  if (!total) return "no rows";
  return `${grouped(offset + 1)}–${grouped(offset + shown)} of ${grouped(total)}`;
}

/** Bars of a histogram as rectangles in a box, the fullest bin as high as the box; empty bins have no height. */
export function bars(counts: readonly number[], width: number, height: number): { x: number; y: number; w: number; h: number }[] {
  const most = Math.max(...counts, 0);
  if (!most) return [];
  const w = width / counts.length;
  return counts.map((count, index) => {
    const h = count ? Math.max(1, (count / most) * height) : 0;
    return { x: index * w, y: height - h, w: Math.max(0.5, w - 0.75), h };
  });
}
