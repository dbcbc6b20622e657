import { describe, expect, it } from "vitest";
import { apply, equal, fold, fromWire, type Command } from "./commands";
import { block, flow } from "./fixtures";

const base = flow([block("a"), block("b"), block("c")], "a>b", "b>c");

describe("commands", () => {
  it("leave the flow as it is when their block is gone", () => {
    expect(apply(base, { type: "MOVE_BLOCK", blockId: "zz", position: { x: 1, y: 1 } })).toBe(base);
    expect(apply(base, { type: "REMOVE_EDGE", edgeId: "zz" })).toBe(base);
  });

  it("never draw the same wire twice, nor a wire to nowhere", () => {
    const edge = { id: "other", source: "a", sourcePort: "out", target: "b", targetPort: "in" };
    expect(apply(base, { type: "ADD_EDGE", edge })).toBe(base);
    expect(apply(base, { type: "ADD_EDGE", edge: { ...edge, target: "zz" } })).toBe(base);
  });

  it("keep the objects of blocks that they do not touch", () => {
    const after = apply(base, { type: "MOVE_BLOCK", blockId: "a", position: { x: 5, y: 5 } });
    expect(after.blocks[1]).toBe(base.blocks[1]);
  });
});

describe("fold", () => {
  it("keeps only the last of a row of moves or config changes of one block", () => {
    const moves: Command[] = [1, 2, 3].map((x) => ({ type: "MOVE_BLOCK", blockId: "a", position: { x, y: 0 } }));
    expect(fold(moves)).toEqual([moves[2]]);
    const both = [1, 2].flatMap((x): Command[] => ["a", "b"].map((blockId) => ({ type: "MOVE_BLOCK", blockId, position: { x, y: 0 } })));
    expect(fold(both)).toEqual(both.slice(2));
    expect(fold([{ type: "UPDATE_BLOCK", blockId: "a", name: "n" }, { type: "UPDATE_BLOCK", blockId: "a", config: {} }])).toEqual([
      { type: "UPDATE_BLOCK", blockId: "a", name: "n", config: {} },
    ]);
  });
});

describe("fromWire", () => {
  it("reads the server's fixes and leaves out what it does not know", () => {
    expect(fromWire([{ type: "REMOVE_EDGE", payload: { functionId: "f", edgeId: "e" } }, { type: "NEW_THING", payload: {} }])).toEqual([
      { type: "REMOVE_EDGE", edgeId: "e" },
    ]);
  });
});

describe("equal", () => {
  it("is blind to key order and to undefined, and tells lists from objects", () => {
    expect(equal({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1, d: undefined })).toBe(true);
    expect(equal([], {})).toBe(false);
    expect(equal({ a: null }, { a: 0 })).toBe(false);
  });
});
