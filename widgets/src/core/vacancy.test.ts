import { describe, expect, it } from "vitest";
import { block, flow, TYPES } from "./fixtures";
import { cardBoxes, framesAround } from "./frames";
import { regionsOf } from "./regions";
import { freePlace } from "./vacancy";

const at = (x: number, y: number) => ({ position: { x, y } });

describe("a new block's place", () => {
  it("is beside what leads to it", () => {
    expect(freePlace(flow([block("a")]), TYPES, { blockId: "a", port: "out" }, { x: 0, y: 0 })).toEqual({ x: 280, y: 0 });
  });

  it("behind a scope lies outside of its frame, and the wire there crosses neither frame nor card", () => {
    const scene = flow([block("l", "loop"), block("in1", "step", at(48, 136)), block("in2", "step", at(328, 136)), block("far", "step", at(280, 0))], "l:body>in1", "in1>in2");
    const place = freePlace(scene, TYPES, { blockId: "l", port: "out" }, { x: 0, y: 0 });
    const frame = framesAround(regionsOf(scene, TYPES), cardBoxes(scene, TYPES)).get("l:body")!;
    expect(place.y + 56 < frame.y || place.x > frame.x + frame.width).toBe(true);
    expect(place).not.toEqual({ x: 280, y: 0 });
    expect(place.y).toBeLessThan(0);
  });

  it("as the first inside a scope is below its card, where its frame hangs", () => {
    const place = freePlace(flow([block("l", "loop")]), TYPES, { blockId: "l", port: "body" }, { x: 0, y: 0 });
    expect(place).toEqual({ x: 48, y: 136 });
  });

  it("inside a region stays inside, beside the block before it", () => {
    const scene = flow([block("l", "loop"), block("a", "step", at(48, 136))], "l:body>a");
    expect(freePlace(scene, TYPES, { blockId: "a", port: "out" }, { x: 0, y: 0 })).toEqual({ x: 328, y: 136 });
  });
});
