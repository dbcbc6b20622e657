/**
 * Tidy: where each block goes. Left to right; what a scope owns stands in a box under the scope's own card, so that a
 * loop reads like indented code and its `out` wire passes above its body. Pure; dagre orders each level.
 */

import dagre from "@dagrejs/dagre";
import { outputsOf } from "./flow";
import { regionOf, regionsOf, type Region, type Types } from "./regions";
import type { Block, Flow, Position } from "./wire";

export const CARD_WIDTH = 208;
export const CARD_HEIGHT = 56;
const PORT_PITCH = 22;
const GAP_X = 72;
const GAP_Y = 40;

/** Room inside a region's frame, and the frame's title bar. */
export const FRAME = { side: 20, top: 44, bottom: 30, indent: 28, drop: 36 } as const;

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
  return Math.min(CARD_WIDTH, Math.max(96, 60 + Math.ceil(name.length * 7)));
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
  const centres = order(items, flow);
  const placed = settle(items, centres);
  const positions = new Map<string, Position>();
  let width = 0;
  let height = 0;
  for (const item of items) {
    const at = placed.get(item.id)!;
    positions.set(item.id, at);
    for (const box of item.boxes) {
      const x = at.x + FRAME.indent + FRAME.side;
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
    item.width = Math.max(item.width, FRAME.indent + inner.width + 2 * FRAME.side);
    item.height = top + FRAME.top + inner.height + FRAME.bottom;
  }
  return item;
}

/** Dagre's order of one level, by card height only: what hangs below a card is settled afterwards. */
function order(items: readonly Item[], flow: Flow): Map<string, Position> {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: GAP_Y, ranksep: GAP_X, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  const here = new Set(items.map((item) => item.id));
  for (const item of items) graph.setNode(item.id, { width: item.width, height: item.card.height });
  for (const edge of flow.edges) {
    if (here.has(edge.source) && here.has(edge.target) && edge.source !== edge.target) graph.setEdge(edge.source, edge.target);
  }
  dagre.layout(graph);
  return new Map(
    items.map((item) => {
      const node = graph.node(item.id);
      return [item.id, { x: (node.x ?? 0) - item.width / 2, y: (node.y ?? 0) - item.card.height / 2 }];
    }),
  );
}

/** Pushes items down, from the top, until nothing overlaps; the first row stays one straight line. */
function settle(items: readonly Item[], wanted: ReadonlyMap<string, Position>): Map<string, Position> {
  const done: { item: Item; at: Position }[] = [];
  const sorted = [...items].sort((a, b) => wanted.get(a.id)!.y - wanted.get(b.id)!.y || wanted.get(a.id)!.x - wanted.get(b.id)!.x);
  for (const item of sorted) {
    const at = { ...wanted.get(item.id)! };
    for (const other of done) {
      const apart = at.x >= other.at.x + other.item.width + 16 || other.at.x >= at.x + item.width + 16;
      const below = other.at.y + other.item.height + GAP_Y;
      if (!apart && at.y < below && at.y + item.height + GAP_Y > other.at.y) at.y = below;
    }
    done.push({ item, at });
  }
  const top = Math.min(0, ...done.map((d) => d.at.y));
  const left = Math.min(...done.map((d) => d.at.x));
  return new Map(done.map((d) => [d.item.id, { x: Math.round(d.at.x - left), y: Math.round(d.at.y - top) }]));
}
