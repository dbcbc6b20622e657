import { describe, expect, it } from "vitest";
import { apply, applyAll, equal, fold, fromWire, invertAll, mayReplay, type Command } from "./commands";
import { block, flow } from "./fixtures";

const base = flow([block("a"), block("b"), block("c")], "a>b", "b>c");

describe("commands", () => {
  const cases: [string, Command[]][] = [
    ["adding a block", [{ type: "ADD_BLOCK", block: block("d") }]],
    ["removing a block with its edges", [{ type: "REMOVE_BLOCK", blockId: "b" }]],
    ["changing name and config", [{ type: "UPDATE_BLOCK", blockId: "a", name: "new", config: { x: 1 } }]],
    ["switching a block off", [{ type: "UPDATE_BLOCK", blockId: "a", disabled: true }]],
    ["moving", [{ type: "MOVE_BLOCK", blockId: "a", position: { x: 9, y: 9 } }]],
    ["adding an edge", [{ type: "ADD_EDGE", edge: { id: "n", source: "a", sourcePort: "out", target: "c", targetPort: "in" } }]],
    ["removing an edge", [{ type: "REMOVE_EDGE", edgeId: "a>b" }]],
    ["setting variables", [{ type: "SET_VARIABLES", variables: { x: 1 } }]],
    ["several, each on what the one before made", [
      { type: "ADD_BLOCK", block: block("d") },
      { type: "ADD_EDGE", edge: { id: "n", source: "c", sourcePort: "out", target: "d", targetPort: "in" } },
      { type: "UPDATE_BLOCK", blockId: "d", name: "e" },
      { type: "REMOVE_BLOCK", blockId: "c" },
    ]],
  ];
  it.each(cases)("are taken back by their inverse: %s", (_name, commands) => {
    const after = applyAll(base, commands);
    expect(after).not.toEqual(base);
    const back = applyAll(after, invertAll(base, commands));
    const byId = (x: { id: string }, y: { id: string }) => x.id.localeCompare(y.id);
    expect([...back.blocks].sort(byId).map((b) => ({ ...b, disabled: b.disabled ?? false }))).toEqual(base.blocks.map((b) => ({ ...b, disabled: false })));
    expect([...back.edges].sort(byId)).toEqual(base.edges);
    expect(back.variables).toEqual(base.variables);
  });

  it("leave the flow as it is when their block is gone", () => {
    expect(apply(base, { type: "MOVE_BLOCK", blockId: "zz", position: { x: 1, y: 1 } })).toBe(base);
    expect(apply(base, { type: "REMOVE_EDGE", edgeId: "zz" })).toBe(base);
    expect(invertAll(base, [{ type: "UPDATE_BLOCK", blockId: "zz", name: "x" }])).toEqual([]);
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

describe("mayReplay", () => {
  const rename: Command = { type: "UPDATE_BLOCK", blockId: "a", name: "mine" };
  it("allows edits of blocks that are unchanged", () => {
    const theirs = applyAll(base, [{ type: "UPDATE_BLOCK", blockId: "b", name: "theirs" }]);
    expect(mayReplay(base, theirs, [rename])).toBe(true);
  });
  it("refuses when the same block changed or went", () => {
    expect(mayReplay(base, applyAll(base, [{ type: "UPDATE_BLOCK", blockId: "a", config: { x: 1 } }]), [rename])).toBe(false);
    expect(mayReplay(base, applyAll(base, [{ type: "REMOVE_BLOCK", blockId: "a" }]), [rename])).toBe(false);
  });
  it("does not take a move for a change", () => {
    expect(mayReplay(base, applyAll(base, [{ type: "MOVE_BLOCK", blockId: "a", position: { x: 7, y: 7 } }]), [rename])).toBe(true);
  });
  it("refuses a new block whose id was taken meanwhile", () => {
    const add: Command = { type: "ADD_BLOCK", block: block("d") };
    expect(mayReplay(base, applyAll(base, [add]), [add])).toBe(false);
    expect(mayReplay(base, base, [add, { type: "UPDATE_BLOCK", blockId: "d", name: "x" }])).toBe(true);
  });
});

describe("fold", () => {
  it("keeps only the last of a row of moves or config changes of one block", () => {
    const moves: Command[] = [1, 2, 3].map((x) => ({ type: "MOVE_BLOCK", blockId: "a", position: { x, y: 0 } }));
    expect(fold(moves)).toEqual([moves[2]]);
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
