/** The line of a wire, and where on it the chip of its value stands. Pure. */

export interface Point {
  x: number;
  y: number;
}

export interface Rect extends Point {
  width: number;
  height: number;
}

/** Where a wire begins and ends; `below`: it leaves its card at the lower edge. */
export interface Ends {
  from: Point;
  to: Point;
  below: boolean;
}

export interface Line {
  path: string;
  /** Where the chip's middle is, and how wide it may be. */
  chip: Point & { room: number };
}

const R = 10;
const OUT = 18;
/** How far above a row the wires run that lead back to its left end: half a card's height and a channel. */
const CHANNEL = 28 + 24;
const MOST_CHIP = 160;
const LEAST_CHIP = 44;

/** Whether a wire leads back, to a row above or below, and so goes round by the side. */
export function leadsBack({ from, to, below }: Ends): boolean {
  return !below && to.x < from.x + 8 && Math.abs(to.y - from.y) > 56;
}

/** How far right a wire that leads back goes before it turns: beyond each frame that stands in its way. */
export function outOf({ from, to }: Ends, frames: readonly Rect[]): number {
  const channel = to.y > from.y ? to.y - CHANNEL : to.y + CHANNEL;
  const [top, bottom] = [Math.min(from.y, channel), Math.max(from.y, channel)];
  let out = from.x + OUT;
  for (const frame of [...frames].sort((a, b) => a.x - b.x)) {
    const holds = from.x >= frame.x && from.x <= frame.x + frame.width && from.y >= frame.y && from.y <= frame.y + frame.height;
    const passes = out > frame.x - 8 && out < frame.x + frame.width + 8 && top < frame.y + frame.height && bottom > frame.y;
    if (passes && !holds) out = frame.x + frame.width + OUT;
  }
  return out;
}

/** `label` is how much room the name of the wire's first port takes behind the port; `out` what `outOf` said. */
export function lineOfWire(ends: Ends, label = 0, out = ends.from.x + OUT): Line {
  if (ends.below) return branchLine(ends);
  return leadsBack(ends) ? backLine(ends, out) : curveLine(ends, label);
}

/** Straight down and then along, as the branch of a tree. */
function branchLine({ from, to }: Ends): Line {
  if (to.x > from.x + R && to.y > from.y + R) {
    const path = `M${from.x},${from.y} V${to.y - R} Q${from.x},${to.y} ${from.x + R},${to.y} H${to.x}`;
    return { path, chip: { x: (from.x + to.x) / 2 + R / 2, y: to.y, room: room(to.x - from.x - 20) } };
  }
  const down = from.y + OUT;
  const path = `M${from.x},${from.y} V${down} C${from.x},${down + 40} ${to.x - 60},${to.y} ${to.x},${to.y}`;
  return { path, chip: { x: (from.x + to.x) / 2, y: (down + to.y) / 2, room: MOST_CHIP } };
}

/** Out to the right, back in the channel beside the target's row, and in from the left. */
function backLine({ from, to }: Ends, out: number): Line {
  const down = to.y > from.y ? 1 : -1;
  const channel = to.y - down * CHANNEL;
  const into = to.x - OUT;
  const r = R * down;
  const path =
    `M${from.x},${from.y} H${out - R} Q${out},${from.y} ${out},${from.y + r} V${channel - r} Q${out},${channel} ${out - R},${channel} ` +
    `H${into + R} Q${into},${channel} ${into},${channel + r} V${to.y - r} Q${into},${to.y} ${into + R},${to.y} H${to.x}`;
  return { path, chip: { x: to.x + 72, y: channel, room: MOST_CHIP } };
}

/** A curve that leaves to the right and comes in from the left. */
function curveLine({ from, to }: Ends, label: number): Line {
  const dx = to.x - from.x;
  const reach = dx >= 0 ? dx / 2 : Math.min(40 + 8 * Math.sqrt(-dx), 160);
  const curve = [from, { x: from.x + reach, y: from.y }, { x: to.x - reach, y: to.y }, to] as const;
  const path = `M${from.x},${from.y} C${curve[1].x},${curve[1].y} ${curve[2].x},${curve[2].y} ${to.x},${to.y}`;
  if (dx < 0) return { path, chip: { ...at(curve, 0.5), room: MOST_CHIP } };
  const free = dx - label;
  const x = from.x + label + free / 2;
  return { path, chip: { x, y: at(curve, whenAt(curve, x)).y, room: room(free - 16) } };
}

function room(free: number): number {
  return Math.max(LEAST_CHIP, Math.min(MOST_CHIP, free));
}

type Curve = readonly [Point, Point, Point, Point];

function at([a, b, c, d]: Curve, t: number): Point {
  const s = 1 - t;
  const [p, q, r, u] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
  return { x: p * a.x + q * b.x + r * c.x + u * d.x, y: p * a.y + q * b.y + r * c.y + u * d.y };
}

/** The parameter at which a curve that only goes right is at `x`. */
function whenAt(curve: Curve, x: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 24; i++) {
    const middle = (low + high) / 2;
    if (at(curve, middle).x < x) low = middle;
    else high = middle;
  }
  return low;
}
