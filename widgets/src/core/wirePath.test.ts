import { describe, expect, it } from "vitest";
import { leadsBack, lineOfWire, outOf } from "./wirePath";

const ends = (fx: number, fy: number, tx: number, ty: number, below = false) => ({ from: { x: fx, y: fy }, to: { x: tx, y: ty }, below });

describe("the chip of a wire", () => {
  it("stands in the middle of a wire without a port's name", () => {
    expect(lineOfWire(ends(0, 0, 72, 0)).chip).toMatchObject({ x: 36, y: 0, room: 56 });
  });

  it("stands behind the port's name, on the line", () => {
    const { chip } = lineOfWire(ends(0, 0, 112, 80), 40);
    expect(chip.x).toBe(76);
    expect(chip.y).toBeGreaterThan(40);
    expect(chip.x - chip.room / 2).toBeGreaterThanOrEqual(40);
    expect(chip.x + chip.room / 2).toBeLessThanOrEqual(112);
  });
});

describe("a wire to the next row", () => {
  const back = ends(1400, 28, 32, 200);

  it("goes round by the right, runs above the row, and comes in from the left", () => {
    expect(leadsBack(back)).toBe(true);
    expect(lineOfWire(back).path).toContain("V138");
    expect(lineOfWire(back).path.endsWith("H32")).toBe(true);
  });

  it("passes a frame in its way on the right, but never the frame that it stands in", () => {
    const frame = { x: 1300, y: 60, width: 400, height: 60 };
    expect(outOf(back, [frame])).toBe(1718);
    expect(outOf(back, [{ ...frame, y: 0 }])).toBe(1418);
    expect(outOf(back, [{ ...frame, y: 400 }])).toBe(1418);
  });

  it("is none when the target is ahead or on the same row", () => {
    expect(leadsBack(ends(0, 0, 200, 400))).toBe(false);
    expect(leadsBack(ends(200, 0, 0, 20))).toBe(false);
    expect(leadsBack(ends(200, 0, 0, 400, true))).toBe(false);
  });
});
