/** The frames around the regions of scopes: where they are on the board. Pure. */

import { FRAME, sizeOf } from "./layout";
import { cachedRegions, type Region, type Types } from "./regions";
import type { Flow } from "./wire";

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The frame around a region's blocks, frames of inner regions included; inner frames must be known first. */
function frameBox(region: Region, boxes: ReadonlyMap<string, Box>, inner: readonly Box[]): Box | null {
  const all = [...[...region.members].flatMap((id) => boxes.get(id) ?? []), ...inner];
  if (!all.length) return null;
  const left = Math.min(...all.map((b) => b.x)) - FRAME.side;
  const top = Math.min(...all.map((b) => b.y)) - FRAME.top;
  const right = Math.max(...all.map((b) => b.x + b.width)) + FRAME.side;
  const bottom = Math.max(...all.map((b) => b.y + b.height)) + FRAME.bottom;
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** The frames of one scope are lanes: each as wide as the widest. */
function asLanes(regions: readonly Region[], boxes: ReadonlyMap<string, Box>): Map<string, Box> {
  const sides = new Map<string, [left: number, right: number]>();
  for (const { id, scopeId } of regions) {
    const box = boxes.get(id);
    if (!box) continue;
    const [left, right] = sides.get(scopeId) ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    sides.set(scopeId, [Math.min(left, box.x), Math.max(right, box.x + box.width)]);
  }
  return new Map(
    regions.flatMap(({ id, scopeId }): [string, Box][] => {
      const box = boxes.get(id);
      const [left, right] = sides.get(scopeId) ?? [0, 0];
      return box ? [[id, { ...box, x: left, width: right - left }]] : [];
    }),
  );
}

/** The frame of each region by its id, outer ones around inner ones; `boxes` are the cards by block id. */
export function framesAround(regions: readonly Region[], boxes: ReadonlyMap<string, Box>): Map<string, Box> {
  const tight = new Map<string, Box>();
  for (const region of [...regions].reverse()) {
    const inner = regions.filter((r) => r !== region && region.members.has(r.scopeId)).flatMap((r) => tight.get(r.id) ?? []);
    const box = frameBox(region, boxes, inner);
    if (box) tight.set(region.id, box);
  }
  return asLanes(regions, tight);
}

export function cardBoxes(flow: Flow, types: Types): Map<string, Box> {
  return new Map(flow.blocks.map((block) => [block.id, { ...block.position, ...sizeOf(block, types) }]));
}

/** What a new card or wire may not lie on: every card, and the frames that `inside` (a block) is not in. */
export function obstacles(flow: Flow, types: Types, inside: string | null): Box[] {
  const regions = cachedRegions(flow, types);
  const boxes = cardBoxes(flow, types);
  const frames = framesAround(regions, boxes);
  const others = regions.filter((region) => inside === null || !region.members.has(inside));
  return [...[...boxes].flatMap(([id, box]) => (id === inside ? [] : [box])), ...others.flatMap((region) => frames.get(region.id) ?? [])];
}
