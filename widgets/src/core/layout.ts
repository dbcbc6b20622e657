/**
 * Tidy: where each block goes. Left to right; what a scope owns stands in a box under the scope's own card, so that a
 * loop reads like indented code and its `out` wire passes above its body. Pure; dagre orders each level.
 */

import dagre from "@dagrejs/dagre";
import { indexOf, outputsOf } from "./flow";
import { regionOf, regionsOf, type Region, type Types } from "./regions";
import type { Block, Edge, Flow, Position } from "./wire";

export const CARD_WIDTH = 208;
export const CARD_HEIGHT = 56;
const PORT_PITCH = 22;
const GAP_X = 96;
const GAP_Y = 40;

/**
 * Room inside a region's frame with its title bar; how far a frame stands in from its scope's card and below it; where the
 * ports are whose wires run down beside the frames.
 */
export const FRAME = { side: 20, top: 40, bottom: 40, indent: 32, drop: 32, port: 16, pitch: 18 } as const;

export interface Size {
  width: number;
  height: number;
}

/** A card's size: taller only when its right side carries more than two ports. */
export function sizeOf(block: Block, types: Types): Size {
  const type = types.get(block.type);
  if (type?.isTrigger) return { width: triggerWidth(block.name), height: 36 };
  const right = outputsOf(type, block).filter((port) => !port.region).length;
  return { width: CARD_WIDTH, height: Math.max(CARD_HEIGHT, 12 + right * PORT_PITCH) };
}

function triggerWidth(name: string): number {
  return Math.min(CARD_WIDTH, Math.max(104, 72 + Math.ceil(name.length * 7.2)));
}

interface Item {
  id: string;
  width: number;
  card: Size;
  /** Full height, the boxes below the card included. */
  height: number;
  boxes: { region: Region; inner: Placed; top: number }[];
}

interface Placed extends Size {
  positions: Map<string, Position>;
}

/** New top-left positions of all blocks. */
export function tidy(flow: Flow, types: Types): Map<string, Position> {
  const regions = regionsOf(flow, types);
  const home = new Map(flow.blocks.map((b) => [b.id, regionOf(regions, b.id)?.id]));
  return layLevel(flow, types, regions, home, undefined).positions;
}

function layLevel(
  flow: Flow,
  types: Types,
  regions: readonly Region[],
  home: ReadonlyMap<string, string | undefined>,
  level: string | undefined,
): Placed {
  const items = flow.blocks
    .filter((block) => home.get(block.id) === level)
    .map((block) => measure(block, flow, types, regions, home));
  const centres = order(items, flow, types);
  const placed = settle(items, centres);
  const positions = new Map<string, Position>();
  let width = 0;
  let height = 0;
  for (const item of items) {
    const at = placed.get(item.id)!;
    positions.set(item.id, at);
    for (const box of item.boxes) {
      const x = at.x + indentOf(item) + FRAME.side;
      const y = at.y + box.top + FRAME.top;
      for (const [id, inner] of box.inner.positions) positions.set(id, { x: x + inner.x, y: y + inner.y });
    }
    width = Math.max(width, at.x + item.width);
    height = Math.max(height, at.y + item.height);
  }
  return { positions, width, height };
}

function measure(
  block: Block,
  flow: Flow,
  types: Types,
  regions: readonly Region[],
  home: ReadonlyMap<string, string | undefined>,
): Item {
  const card = sizeOf(block, types);
  const item: Item = { id: block.id, card, width: card.width, height: card.height, boxes: [] };
  for (const region of regions) {
    if (region.scopeId !== block.id) continue;
    const inner = layLevel(flow, types, regions, home, region.id);
    const top = item.height + FRAME.drop;
    item.boxes.push({ region, inner, top });
    item.width = Math.max(item.width, inner.width + 2 * FRAME.side);
    item.height = top + FRAME.top + inner.height + FRAME.bottom;
  }
  if (item.boxes.length) item.width = Math.max(card.width, indentOf(item) + item.width);
  return item;
}

function indentOf(item: Item): number {
  return FRAME.indent + Math.max(0, item.boxes.length - 1) * FRAME.pitch;
}

/** Dagre's order of one level, by cards only: what hangs below a card is settled afterwards. */
function order(items: readonly Item[], flow: Flow, types: Types): Map<string, Position> {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: GAP_Y, ranksep: GAP_X, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  const here = new Set(items.map((item) => item.id));
  const edges = inPortOrder(flow, types).filter((e) => here.has(e.source) && here.has(e.target) && e.source !== e.target);
  const wide = widthsInRow(items, edges);
  for (const item of items) graph.setNode(item.id, { width: wide.get(item.id)!, height: item.card.height });
  for (const edge of edges) graph.setEdge(edge.source, edge.target);
  dagre.layout(graph);
  const at = new Map(
    items.map((item) => {
      const node = graph.node(item.id);
      return [item.id, { x: (node.x ?? 0) - wide.get(item.id)! / 2, y: (node.y ?? 0) - item.card.height / 2 }];
    }),
  );
  keepPortOrder(items, edges, at);
  return at;
}

/** A scope's box may hang under the cards that follow it, unless another scope with a box of its own comes after. */
function widthsInRow(items: readonly Item[], edges: readonly Edge[]): Map<string, number> {
  const boxed = new Set(items.filter((item) => item.boxes.length).map((item) => item.id));
  return new Map(
    items.map((item) => {
      const needsRoom = item.boxes.length > 0 && [...downstream(item.id, edges)].some((id) => id !== item.id && boxed.has(id));
      return [item.id, needsRoom ? item.width : item.card.width];
    }),
  );
}

function downstream(from: string, edges: readonly Edge[]): Set<string> {
  const seen = new Set<string>();
  const queue = [from];
  while (queue.length) {
    const id = queue.pop()!;
    if (seen.has(id)) continue;
    seen.add(id);
    for (const edge of edges) if (edge.source === id) queue.push(edge.target);
  }
  return seen;
}

/** Branches stand in the order of their ports, `true` above `false`: each moves with all that only it leads to. */
function keepPortOrder(items: readonly Item[], edges: readonly Edge[], at: Map<string, Position>): void {
  for (const item of items) {
    const targets = [...new Set(edges.filter((e) => e.source === item.id).map((e) => e.target))].filter(
      (id) => edges.filter((e) => e.target === id).length === 1,
    );
    if (targets.length < 2) continue;
    const rows = targets.map((id) => at.get(id)!.y);
    const wanted = [...rows].sort((a, b) => a - b);
    const trees = targets.map((id) => downstream(id, edges));
    targets.forEach((_id, i) => {
      const shift = wanted[i]! - rows[i]!;
      if (!shift) return;
      for (const id of trees[i]!) {
        if (!trees.some((tree, j) => j !== i && tree.has(id))) at.get(id)!.y += shift;
      }
    });
  }
}

/** Dagre keeps the order in which it was told where nothing else decides: so `true` stays above `false`. */
function inPortOrder(flow: Flow, types: Types): Edge[] {
  const { blocks } = indexOf(flow);
  const place = (edge: Edge) => {
    const source = blocks.get(edge.source);
    return source ? outputsOf(types.get(source.type), source).findIndex((port) => port.name === edge.sourcePort) : 0;
  };
  const key = new Map(flow.edges.map((edge) => [edge.id, place(edge)]));
  return [...flow.edges].sort((a, b) => key.get(a.id)! - key.get(b.id)!);
}

/** Pushes items down, from the top, until nothing overlaps; the first row stays one straight line. */
function settle(items: readonly Item[], wanted: ReadonlyMap<string, Position>): Map<string, Position> {
  const done: Rect[] = [];
  const places = new Map<string, Position>();
  const sorted = [...items].sort((a, b) => wanted.get(a.id)!.y - wanted.get(b.id)!.y || wanted.get(a.id)!.x - wanted.get(b.id)!.x);
  // Cards first: a row of cards is not torn apart by what hangs under one of them.
  for (const item of sorted.filter((i) => !i.boxes.length).concat(sorted.filter((i) => i.boxes.length))) {
    const at = { ...wanted.get(item.id)! };
    for (let moved = true; moved; ) {
      moved = false;
      for (const rect of rectsOf(item, at)) {
        const hit = done.find((other) => overlaps(rect, other));
        if (!hit) continue;
        at.y += hit.y + hit.height + GAP_Y - rect.y;
        moved = true;
        break;
      }
    }
    done.push(...rectsOf(item, at));
    places.set(item.id, at);
  }
  const top = Math.min(0, ...[...places.values()].map((p) => p.y));
  const left = Math.min(...[...places.values()].map((p) => p.x));
  return new Map([...places].map(([id, p]) => [id, { x: Math.round(p.x - left), y: Math.round(p.y - top) }]));
}

interface Rect extends Size {
  x: number;
  y: number;
}

function rectsOf(item: Item, at: Position): Rect[] {
  const boxes = item.boxes.map((box) => ({
    x: at.x + indentOf(item),
    y: at.y + box.top,
    width: box.inner.width + 2 * FRAME.side,
    height: FRAME.top + box.inner.height + FRAME.bottom,
  }));
  return [{ ...at, ...item.card }, ...boxes];
}

function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width + 16 && b.x < a.x + a.width + 16 && a.y < b.y + b.height + 24 && b.y < a.y + a.height + 24;
}
