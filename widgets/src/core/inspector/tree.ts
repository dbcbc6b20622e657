/** A JSON value as the rows of a tree: only what is open is listed, and long lists come in ranges. */

import { formatPath, type Step } from "./paths";

export interface TreeRow {
  /** Unique in the tree. */
  id: string;
  depth: number;
  /** The key, index or range that the row is. */
  label: string;
  steps: Step[];
  value: unknown;
  open: boolean;
  /** How many rows open under it; 0 for a leaf. */
  children: number;
  range: [number, number] | null;
  /** For screen readers: where it stands among its siblings. */
  position: number;
  siblings: number;
}

export const RANGE = 100;

function isBranch(value: unknown): value is object {
  return value !== null && typeof value === "object";
}

const size = (value: object): number => (Array.isArray(value) ? value.length : Object.keys(value).length);

/** What stands after a closed branch or as a leaf: short, one line. */
export function glimpse(value: unknown, limit = 120): string {
  if (typeof value === "string") return value.length > limit ? `${JSON.stringify(value.slice(0, limit))}…` : JSON.stringify(value);
  if (!isBranch(value)) return String(value);
  if (Array.isArray(value)) return value.length ? `[${value.length.toLocaleString("en")}]` : "[]";
  const keys = Object.keys(value);
  if (!keys.length) return "{}";
  const shown = keys.slice(0, 4).join(", ");
  const text = `{ ${shown}${keys.length > 4 ? ", …" : ""} }`;
  return text.length > limit ? `{ ${keys.length} fields }` : text;
}

function children(row: Pick<TreeRow, "value" | "steps" | "range" | "id">): Omit<TreeRow, "open" | "depth">[] {
  const { value, steps, range, id } = row;
  if (!isBranch(value)) return [];
  if (Array.isArray(value)) {
    const [from, to] = range ?? [0, value.length];
    if (!range && value.length > RANGE) {
      const count = Math.ceil(value.length / RANGE);
      return Array.from({ length: count }, (_, index) => {
        const span: [number, number] = [index * RANGE, Math.min(value.length, (index + 1) * RANGE)];
        return {
          id: `${id}/${span[0]}-`,
          label: `${span[0]} … ${span[1] - 1}`,
          steps,
          value,
          range: span,
          children: span[1] - span[0],
          position: index + 1,
          siblings: count,
        };
      });
    }
    return Array.from({ length: to - from }, (_, index) => entry(id, from + index, value[from + index], steps, index + 1, to - from));
  }
  const entries = Object.entries(value);
  return entries.map(([key, inner], index) => entry(id, key, inner, steps, index + 1, entries.length));
}

function entry(id: string, step: Step, value: unknown, steps: Step[], position: number, siblings: number): Omit<TreeRow, "open" | "depth"> {
  return {
    id: `${id}/${typeof step === "number" ? step : JSON.stringify(step)}`,
    label: String(step),
    steps: [...steps, step],
    value,
    range: null,
    children: isBranch(value) ? size(value) : 0,
    position,
    siblings,
  };
}

export const ROOT = "$";

/** The visible rows. The root's own row is left out when it is a branch: its children stand at depth 0. */
export function rowsOf(value: unknown, open: ReadonlySet<string>): TreeRow[] {
  const rows: TreeRow[] = [];
  const walk = (row: Pick<TreeRow, "value" | "steps" | "range" | "id">, depth: number): void => {
    for (const child of children(row)) {
      const isOpen = child.children > 0 && open.has(child.id);
      rows.push({ ...child, depth, open: isOpen });
      if (isOpen) walk(child, depth + 1);
    }
  };
  const root = { id: ROOT, value, steps: [] as Step[], range: null };
  if (isBranch(value)) walk(root, 0);
  else rows.push({ ...root, depth: 0, label: "", open: false, children: 0, position: 1, siblings: 1 });
  return rows;
}

/** What stands open at first: small branches near the top. */
export function openAtFirst(value: unknown, budget = 40): Set<string> {
  const open = new Set<string>();
  let level = rowsOf(value, open);
  let count = level.length;
  for (let depth = 0; depth < 3; depth++) {
    const next = level.filter((row) => row.depth === depth && row.children > 0 && row.children <= 20 && !row.range);
    for (const row of next) {
      if (count + row.children > budget) continue;
      open.add(row.id);
      count += row.children;
    }
    level = rowsOf(value, open);
  }
  return open;
}

export type TreeMove = { index: number; open?: string; close?: string };

/** Where a key leads, as the tree pattern of the ARIA practices says; null when the key is not the tree's. */
export function treeKey(rows: readonly TreeRow[], index: number, key: string): TreeMove | null {
  const row = rows[index];
  if (!row) return null;
  switch (key) {
    case "ArrowDown":
      return { index: Math.min(rows.length - 1, index + 1) };
    case "ArrowUp":
      return { index: Math.max(0, index - 1) };
    case "Home":
      return { index: 0 };
    case "End":
      return { index: rows.length - 1 };
    case "PageDown":
      return { index: Math.min(rows.length - 1, index + 12) };
    case "PageUp":
      return { index: Math.max(0, index - 12) };
    case "ArrowRight":
      if (!row.children) return { index };
      return row.open ? { index: index + 1 } : { index, open: row.id };
    case "ArrowLeft": {
      if (row.open) return { index, close: row.id };
      for (let at = index - 1; at >= 0; at--) if (rows[at]!.depth < row.depth) return { index: at };
      return { index };
    }
    case "Enter":
    case " ":
      if (!row.children) return { index };
      return row.open ? { index, close: row.id } : { index, open: row.id };
    default:
      return null;
  }
}

/** The path as an expression would write it: `worst_of_day.items[3].origin`. */
export function expressionPath(root: string, steps: readonly Step[]): string {
  const path = formatPath(steps);
  if (!root) return path;
  return path ? `${root}${path.startsWith("[") ? "" : "."}${path}` : root;
}

/** The part of a list of equally high rows that shows, with some to spare on both sides. */
export function visibleSlice(count: number, rowHeight: number, scrollTop: number, height: number, spare = 12): [number, number] {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - spare);
  const last = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + spare);
  return [first, Math.max(first, last)];
}
