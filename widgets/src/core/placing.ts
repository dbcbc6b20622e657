/**
 * Places the cards of one region: columns from left to right, long flows in rows like a text, frames below their scopes.
 * Pure geometry; `workbench/flow/placing.py` is the same on the server, and both are held to `tests/flow/layouts.json`.
 */

export const GAP_X = 72;
const GAP_Y = 40;
/** How much more room is behind a card whose ports have names. */
const FAN_GAP = 40;
/** Between two rows there is room for the wires that go back to the left, and before the second too. */
const ROW_GAP = 72;
const ROW_INDENT = 32;
/** A row is about so wide, ends where the fewest wires cross, and is never broken where more than `ROW_WIRES` do. */
export const ROW_WIDTH = 1400;
const ROW_MOST = 1700;
const ROW_LEAST = 620;
const ROW_WIRES = 3;
const APART = 16;
const SWEEPS = 5;

/**
 * Room inside a region's frame with its title bar; how far a frame stands in from its scope's card and below it; where the
 * first of a scope's region ports is and how far apart they are: their wires run down beside the frames.
 */
export const FRAME = { side: 20, top: 44, bottom: 30, indent: 28, drop: 36, port: 14, pitch: 18 } as const;

export interface Size {
  width: number;
  height: number;
}

/** The items of one region, placed from (0, 0) on. */
export interface Level extends Size {
  items: Item[];
}

/** A region's frame, `top` below its scope's upper edge. */
interface Box extends Size {
  inner: Level;
  top: number;
}

/** A card with the frames below it; frames of one scope stand one under another, edge to edge. */
export class Item {
  readonly boxes: Box[] = [];
  x = 0;
  y = 0;

  constructor(
    readonly id: string,
    readonly card: Size,
    /** Whether its right ports have names, which need room. */
    readonly fans: boolean,
  ) {}

  hang(inner: Level): void {
    const top = this.boxes.length ? this.height : this.card.height + FRAME.drop;
    this.boxes.push({ inner, top, width: inner.width + 2 * FRAME.side, height: FRAME.top + inner.height + FRAME.bottom });
  }

  get indent(): number {
    return FRAME.indent + Math.max(0, this.boxes.length - 1) * FRAME.pitch;
  }

  get width(): number {
    return Math.max(this.card.width, ...this.boxes.map((box) => this.indent + box.width));
  }

  get height(): number {
    const last = this.boxes.at(-1);
    return last ? last.top + last.height : this.card.height;
  }
}

/** A wire between two items; `height` is its port's place on the source, from 0 to below 1. */
export interface Link {
  source: string;
  target: string;
  height: number;
}

/** Places the items; they stand in the flow's own order, and so do the links. `room` is how wide a row may be. */
export function place(items: readonly Item[], links: readonly Link[], room: number = ROW_WIDTH): Level {
  const byId = new Map(items.map((item) => [item.id, item]));
  const rank = ranksOf(byId, links);
  const order = [...byId.keys()].sort((a, b) => rank.get(a)! - rank.get(b)!);
  const onward = links.filter((link) => rank.get(link.source)! < rank.get(link.target)!); // those that close a loop bend back
  const entering = new Map<string, Link[]>(order.map((id) => [id, []]));
  const following = new Map<string, string[]>(order.map((id) => [id, []]));
  for (const link of onward) {
    entering.get(link.target)!.push(link);
    following.get(link.source)!.push(link.target);
  }
  const layer = layersOf(order, entering, following);
  const columns: string[][] = Array.from({ length: Math.max(0, ...layer.values()) + 1 }, () => []);
  for (const id of order) columns[layer.get(id)!]!.push(id);
  sortColumns(columns, entering, following);
  const sheet = columns.map((column) => column.map((id) => byId.get(id)!));
  const crossing = new Array<number>(columns.length + 1).fill(0);
  for (const link of onward) for (let at = layer.get(link.source)! + 1; at <= layer.get(link.target)!; at++) crossing[at]!++;
  let top = 0;
  let width = 0;
  rowsOf(sheet, crossing, room).forEach((row, number) => {
    const here = row.flat();
    setColumns(row, number ? ROW_INDENT : 0);
    setLines(row, entering, number === 0);
    hangBoxes(here);
    const rise = top - Math.min(...here.map((item) => item.y));
    for (const item of here) item.y += rise;
    top = Math.max(...here.map((item) => item.y + item.height)) + ROW_GAP;
    width = Math.max(width, ...here.map((item) => item.x + item.width));
  });
  return { items: sheet.flat(), width, height: top - ROW_GAP };
}

/** Each item's place in an order in which it comes after all that lead to it; a loop is opened at its first item. */
function ranksOf(items: ReadonlyMap<string, Item>, links: readonly Link[]): Map<string, number> {
  const waits = new Map([...items.keys()].map((id) => [id, 0]));
  const targets = new Map<string, string[]>([...items.keys()].map((id) => [id, []]));
  for (const link of links) {
    waits.set(link.target, waits.get(link.target)! + 1);
    targets.get(link.source)!.push(link.target);
  }
  const ready = [...waits].flatMap(([id, count]) => (count ? [] : [id]));
  const rank = new Map<string, number>();
  let at = 0;
  for (const first of items.keys()) {
    while (at < ready.length) {
      const id = ready[at++]!;
      rank.set(id, rank.size);
      for (const target of targets.get(id)!) {
        const left = waits.get(target)! - 1;
        waits.set(target, left);
        if (!left && !rank.has(target)) ready.push(target);
      }
    }
    if (rank.size === items.size) break;
    if (!rank.has(first)) {
      waits.set(first, -1);
      ready.push(first);
    }
  }
  return rank;
}

/** Columns by longest way from an entry; entries are drawn to just before what they feed. */
function layersOf(order: readonly string[], entering: ReadonlyMap<string, Link[]>, following: ReadonlyMap<string, string[]>): Map<string, number> {
  const layer = new Map<string, number>();
  for (const id of order) layer.set(id, Math.max(0, ...entering.get(id)!.map((link) => layer.get(link.source)! + 1)));
  for (const id of order) {
    const next = following.get(id)!;
    if (!entering.get(id)!.length && next.length) layer.set(id, Math.max(layer.get(id)!, Math.min(...next.map((to) => layer.get(to)!)) - 1));
  }
  return layer;
}

/** Orders each column by the barycenters of its neighbours, sweeping there, back and there (Sugiyama 1981). */
function sortColumns(columns: string[][], entering: ReadonlyMap<string, Link[]>, following: ReadonlyMap<string, string[]>): void {
  const at = new Map<string, number>();
  for (const column of columns) column.forEach((id, i) => at.set(id, i));
  const sort = (column: string[], heights: (id: string) => number[]) => {
    const centre = new Map(column.map((id) => [id, mean(heights(id), at.get(id)!)]));
    column.sort((a, b) => centre.get(a)! - centre.get(b)! || at.get(a)! - at.get(b)!);
    column.forEach((id, i) => at.set(id, i));
  };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    if (sweep % 2) for (const column of [...columns].reverse()) sort(column, (id) => following.get(id)!.map((to) => at.get(to)!));
    else for (const column of columns) sort(column, (id) => entering.get(id)!.map((link) => at.get(link.source)! + link.height));
  }
}

function mean(values: readonly number[], otherwise: number): number {
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : otherwise;
}

/** Breaks a long flow into rows, where few wires cross; what fits into one row, or nearly, stays there. */
function rowsOf(sheet: Item[][], crossing: readonly number[], room: number): Item[][][] {
  const most = (ROW_MOST * room) / ROW_WIDTH;
  const least = (ROW_LEAST * room) / ROW_WIDTH;
  const rows: Item[][][] = [];
  let first = 0;
  while (first < sheet.length) {
    const ends = setColumns(sheet.slice(first), rows.length ? ROW_INDENT : 0);
    let last = sheet.length;
    if (ends.at(-1)! > most) {
      const breaks = ends.slice(0, -1).map((end, i) => ({ end, at: first + i + 1, wires: crossing[first + i + 1]! }));
      const allowed = breaks.filter((b) => b.wires <= ROW_WIRES);
      const within = allowed.filter((b) => b.end >= least && b.end <= most);
      within.sort((a, b) => a.wires - b.wires || Math.abs(a.end - room) - Math.abs(b.end - room) || a.at - b.at);
      // Rather a row too long than wires everywhere.
      last = (within[0] ?? allowed.find((b) => b.end > most))?.at ?? last;
    }
    rows.push(sheet.slice(first, last));
    first = last;
  }
  return rows;
}

/** Sets the columns side by side from `left` on; answers how far right each column, and all before it, reach. */
function setColumns(columns: readonly Item[][], left: number): number[] {
  let reach = -APART;
  let framed = -APART;
  return columns.map((column) => {
    // Two frames never share a stretch; cards may stand above one.
    if (framed > 0 && column.some((item) => item.boxes.length)) left = Math.max(left, framed + GAP_X);
    for (const item of column) {
      item.x = left;
      reach = Math.max(reach, left + item.width);
      if (item.boxes.length) framed = Math.max(framed, left + item.width);
    }
    left += Math.max(...column.map((item) => item.card.width)) + (column.some((item) => item.fans) ? GAP_X + FAN_GAP : GAP_X);
    return reach;
  });
}

/**
 * In a column each card as level with what leads to it from this row as those above it allow. In a later row nothing stands
 * higher than its first column: there run the wires that lead to it.
 */
function setLines(columns: readonly Item[][], entering: ReadonlyMap<string, Link[]>, isFirst: boolean): void {
  const lines = new Map<string, number>();
  const sourcesOf = (item: Item) => entering.get(item.id)!.flatMap((link) => lines.get(link.source) ?? []);
  let highest = Number.NEGATIVE_INFINITY;
  for (const column of columns) {
    let below = highest;
    for (const item of column) {
      item.y = Math.max(mean(sourcesOf(item), 0) - item.card.height / 2, below);
      below = item.y + item.height + GAP_Y;
    }
    if (!column.some((item) => item.boxes.length)) {
      // The whole column is centred on what leads to it, not hung from its first card.
      const off = column.flatMap((item) => {
        const sources = sourcesOf(item);
        return sources.length ? [mean(sources, 0) - item.y - item.card.height / 2] : [];
      });
      const shift = Math.max(Math.min(0, mean(off, 0)), highest - column[0]!.y);
      for (const item of column) item.y += shift;
    }
    for (const item of column) lines.set(item.id, item.y + item.card.height / 2);
    if (!isFirst && column === columns[0]) highest = column[0]!.y;
  }
}

/** Frames go below the cards of the row that they reach under; what stands lower in the row makes room for them. */
function hangBoxes(row: readonly Item[]): void {
  for (const item of row.filter((i) => i.boxes.length).sort((a, b) => a.y - b.y || a.x - b.x)) {
    const line = item.y + item.card.height;
    const left = item.x + item.indent - APART;
    const right = item.x + item.width + APART;
    const met = row.filter((o) => o !== item && o.x < right && left < o.x + o.card.width);
    const floor = Math.max(line, ...met.filter((o) => o.y <= line).map((o) => o.y + o.card.height));
    if (floor > line) for (const box of item.boxes) box.top += floor - line;
    const need = item.y + item.height + GAP_Y - Math.min(...met.filter((o) => o.y > line).map((o) => o.y));
    if (need > 0) for (const other of row) if (other !== item && other.y > line) other.y += need;
  }
}
