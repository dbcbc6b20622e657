/** Where a new block goes: near what leads to it, on nothing, and so that its wire crosses nothing. Pure. */

import { blockById, outputsOf } from "./flow";
import { obstacles, type Box } from "./frames";
import { CARD_HEIGHT, CARD_WIDTH, FRAME, sizeOf } from "./layout";
import { GAP_X } from "./placing";
import type { Plug } from "./ports";
import type { Types } from "./regions";
import type { Flow, Position } from "./wire";

const ROW = CARD_HEIGHT + 32;
const COLUMN = CARD_WIDTH + GAP_X;
/** Room that stays free around a card; under it stands what came of the block. */
const AROUND = { side: 16, above: 12, below: 28 };
const MOST = 40;

/** A place for a new card behind an output, else around `centre`. */
export function freePlace(flow: Flow, types: Types, after: Plug | null, centre: Position): Position {
  const source = after ? blockById(flow, after.blockId) : undefined;
  if (!source || !after) {
    const start = { x: Math.round(centre.x - CARD_WIDTH / 2), y: Math.round(centre.y - CARD_HEIGHT / 2) };
    const taken = obstacles(flow, types, null);
    return places(start).find((at) => isFree(at, taken)) ?? start;
  }
  const size = sizeOf(source, types);
  const port = outputsOf(types.get(source.type), source).find((p) => p.name === after.port);
  const taken = obstacles(flow, types, source.id);
  if (port?.region) {
    // Inside, a little in from the scope's card, as a frame hangs below it.
    const start = { x: source.position.x + FRAME.indent + FRAME.side, y: source.position.y + size.height + FRAME.drop + FRAME.top };
    return places(start, false).find((at) => isFree(at, taken)) ?? start;
  }
  const start = { x: source.position.x + size.width + GAP_X, y: Math.round(source.position.y + (size.height - CARD_HEIGHT) / 2) };
  const from = { x: source.position.x + size.width, y: source.position.y + size.height / 2 };
  const all = places(start).filter((at) => isFree(at, taken));
  return all.find((at) => isClear(from, { x: at.x, y: at.y + CARD_HEIGHT / 2 }, taken)) ?? all[0] ?? start;
}

/** Places to try, near ones first: down, up, and a column on. */
function places(start: Position, isSideways = true): Position[] {
  const found: { at: Position; cost: number }[] = [];
  for (let column = 0; column <= (isSideways ? 4 : 0); column++) {
    for (let row = 0; row <= MOST; row++) {
      for (const sign of row && isSideways ? [1, -1] : [1]) {
        found.push({ at: { x: start.x + column * COLUMN, y: start.y + sign * row * ROW }, cost: column * 2.2 + row + (sign < 0 ? 1.3 : 0) });
      }
    }
  }
  return found.sort((a, b) => a.cost - b.cost).map(({ at }) => at);
}

function isFree(at: Position, taken: readonly Box[]): boolean {
  const left = at.x - AROUND.side;
  const right = at.x + CARD_WIDTH + AROUND.side;
  const top = at.y - AROUND.above;
  const bottom = at.y + CARD_HEIGHT + AROUND.below;
  return !taken.some((box) => left < box.x + box.width && right > box.x && top < box.y + box.height && bottom > box.y);
}

/** Whether the wire between two points crosses nothing; it is a curve that goes up or down in its middle. */
function isClear(from: Position, to: Position, taken: readonly Box[]): boolean {
  const steps = 24;
  for (let i = 1; i < steps; i++) {
    const t = i / steps;
    const x = from.x + (to.x - from.x) * t;
    const y = from.y + (to.y - from.y) * (3 * t * t - 2 * t * t * t);
    if (taken.some((box) => x > box.x - 4 && x < box.x + box.width + 4 && y > box.y - 4 && y < box.y + box.height + 4)) return false;
  }
  return true;
}
