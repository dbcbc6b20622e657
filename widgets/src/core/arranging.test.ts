import { describe, expect, it } from "vitest";
import { groupBox, groupsOf, lockedWhy, notesOf } from "./arranging";
import { block, flow, TYPES } from "./fixtures";
import { cardBoxes } from "./frames";
import type { Flow } from "./wire";

const base = flow([block("a"), block("b", "step", { position: { x: 300, y: 100 } }), block("c")]);

describe("notes and groups", () => {
  it("bear what someone else put there", () => {
    const odd = { ...base, ...{ notes: [{ id: "n", text: "x", position: { x: 1, y: 2 } }, { text: "no id" }, { id: "m" }], groups: [{ id: "g", blockIds: ["a", "gone", 3] }, { id: "h", blockIds: ["gone"] }, {}] } } as Flow;
    expect(notesOf(odd)).toEqual([{ id: "n", text: "x", position: { x: 1, y: 2 }, width: 220, height: 112 }]);
    expect(groupsOf(odd)).toEqual([{ id: "g", title: "", blockIds: ["a"], locked: false }]);
  });

  it("a group's frame is around its cards", () => {
    const [group] = groupsOf({ ...base, groups: [{ id: "g", title: "two", blockIds: ["a", "b"] }] });
    expect(groupBox(group!, cardBoxes(base, TYPES))).toEqual({ x: -16, y: -36, width: 540, height: 226 });
  });
});

describe("a lock", () => {
  it("of the canvas refuses every edit, one of a group those of its blocks only", () => {
    const move = (blockId: string) => [{ type: "MOVE_BLOCK" as const, blockId, position: { x: 1, y: 1 } }];
    expect(lockedWhy({ locked: true, flow: base }, move("c"))).toContain("canvas is locked");
    const grouped = { ...base, groups: [{ id: "g", title: "done", blockIds: ["a"], locked: true }] };
    expect(lockedWhy({ locked: false, flow: grouped }, move("a"))).toContain("“done” is locked");
    expect(lockedWhy({ locked: false, flow: grouped }, move("b"))).toBeNull();
    expect(lockedWhy({ locked: false, flow: grouped }, [{ type: "SET_GROUPS", groups: [] }])).toBeNull();
  });
});
