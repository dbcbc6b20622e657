/**
 * Tidy: where each block goes. Left to right in rows; what a scope owns stands in a frame under the scope's own card, so
 * that a loop reads like indented code; what follows the scope stands beside its card, above the frame. Pure.
 */

import { outputsOf } from "./flow";
import { FRAME, Item, place, ROW_WIDTH, type Level, type Link, type Size } from "./placing";
import { regionOf, regionsOf, type Region, type Types } from "./regions";
import type { Block, Flow, Position } from "./wire";

export { FRAME, type Size } from "./placing";

export const CARD_WIDTH = 208;
export const CARD_HEIGHT = 56;
const TRIGGER_HEIGHT = 36;
const TRIGGER_LEAST = 104;
const PORT_PITCH = 22;
/** How wide a region's row may be. */
const ROOM_INSIDE = 860;

/** A card's size: triggers are pills as wide as their names, other cards grow with their output ports. */
export function sizeOf(block: Block, types: Types): Size {
  const type = types.get(block.type);
  if (type?.isTrigger) {
    return { width: Math.min(CARD_WIDTH, Math.max(TRIGGER_LEAST, 72 + Math.ceil(7.2 * [...block.name].length))), height: TRIGGER_HEIGHT };
  }
  const right = type ? rightPorts(block, types).length : 0;
  return { width: CARD_WIDTH, height: Math.max(CARD_HEIGHT, 12 + right * PORT_PITCH) };
}

function rightPorts(block: Block, types: Types): string[] {
  return outputsOf(types.get(block.type), block).flatMap((port) => (port.region ? [] : [port.name]));
}

/** New top-left positions of all blocks. */
export function tidy(flow: Flow, types: Types): Map<string, Position> {
  const regions = regionsOf(flow, types);
  const home = new Map(flow.blocks.map((b) => [b.id, regionOf(regions, b.id)?.id]));
  const positions = new Map<string, Position>();
  const todo = [{ level: layLevel({ flow, types, regions, home }, undefined), left: 0, top: 0 }];
  for (const { level, left, top } of todo) {
    for (const item of level.items) {
      positions.set(item.id, { x: Math.floor(left + item.x + 0.5), y: Math.floor(top + item.y + 0.5) });
      for (const box of item.boxes) {
        todo.push({ level: box.inner, left: left + item.x + item.indent + FRAME.side, top: top + item.y + box.top + FRAME.top });
      }
    }
  }
  return positions;
}

interface Plan {
  flow: Flow;
  types: Types;
  regions: readonly Region[];
  home: ReadonlyMap<string, string | undefined>;
}

function layLevel(plan: Plan, region: string | undefined): Level {
  const { flow, types, home } = plan;
  const here = flow.blocks.filter((block) => home.get(block.id) === region);
  if (!here.length) return { items: [], width: 0, height: 0 };
  const blocks = new Map(here.map((block) => [block.id, block]));
  const links = flow.edges.flatMap((edge): Link[] => {
    const source = blocks.get(edge.source);
    if (!source || !blocks.has(edge.target) || edge.source === edge.target) return [];
    const ports = rightPorts(source, types);
    const at = ports.indexOf(edge.sourcePort);
    return [{ source: edge.source, target: edge.target, height: (at < 0 ? ports.length : at) / (ports.length + 1) }];
  });
  return place(here.map((block) => measure(plan, block)), links, region ? ROOM_INSIDE : ROW_WIDTH);
}

function measure(plan: Plan, block: Block): Item {
  const { types, regions } = plan;
  const item = new Item(block.id, sizeOf(block, types), rightPorts(block, types).length > 1);
  for (const region of regions) if (region.scopeId === block.id) item.hang(layLevel(plan, region.id));
  return item;
}
