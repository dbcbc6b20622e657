/** Where an arrow key leads from a block: along a wire, or to the nearest block above or below. Pure. */

import type { Block, Flow } from "./wire";

export type Direction = "next" | "previous" | "above" | "below";

export function neighbour(flow: Flow, from: string | undefined, direction: Direction): string | null {
  const block = flow.blocks.find((b) => b.id === from);
  if (!block) return first(flow)?.id ?? null;
  if (direction === "next" || direction === "previous") {
    const along = flow.edges
      .filter((e) => (direction === "next" ? e.source : e.target) === block.id)
      .map((e) => (direction === "next" ? e.target : e.source));
    const ends = flow.blocks.filter((b) => along.includes(b.id));
    return nearest(block, ends)?.id ?? nearest(block, flow.blocks.filter((b) => beyond(block, b, direction)))?.id ?? null;
  }
  return nearest(block, flow.blocks.filter((b) => beyond(block, b, direction)))?.id ?? null;
}

function first(flow: Flow): Block | undefined {
  return [...flow.blocks].sort((a, b) => a.position.x - b.position.x || a.position.y - b.position.y)[0];
}

function beyond(from: Block, to: Block, direction: Direction): boolean {
  const dx = to.position.x - from.position.x;
  const dy = to.position.y - from.position.y;
  switch (direction) {
    case "next":
      return dx > Math.abs(dy);
    case "previous":
      return -dx > Math.abs(dy);
    case "below":
      return dy > 8 && dy >= Math.abs(dx) / 3;
    case "above":
      return -dy > 8 && -dy >= Math.abs(dx) / 3;
  }
}

function nearest(from: Block, blocks: readonly Block[]): Block | undefined {
  const distance = (b: Block) => Math.hypot(b.position.x - from.position.x, b.position.y - from.position.y);
  return blocks.filter((b) => b.id !== from.id).sort((a, b) => distance(a) - distance(b))[0];
}
