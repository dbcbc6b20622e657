import { describe, expect, it } from "vitest";
import type { Command } from "./commands";
import { block, flow } from "./fixtures";
import { labelOf, typingIn } from "./steps";
import type { Json } from "./wire";

const scene = flow([block("a", "step", { name: "fetch", config: { url: "http", n: 4, mode: "forEach" } }), block("b")], "a>b");
const set = (changes: Record<string, Json>): Command[] => [{ type: "UPDATE_BLOCK", blockId: "a", config: { ...scene.blocks[0]!.config, ...changes } }];

describe("typing", () => {
  it("is one text or number that grows or shrinks by a little", () => {
    expect(typingIn(scene, set({ url: "https" }))).toBe("a/url");
    expect(typingIn(scene, set({ url: "htp" }))).toBe("a/url");
    expect(typingIn(scene, set({ n: 42 }))).toBe("a/n");
    expect(typingIn(scene, set({ body: "x" }))).toBe("a/body");
  });
  it("is neither a choice, nor a paste, nor two fields, nor another kind of edit", () => {
    expect(typingIn(scene, set({ mode: "times" }))).toBeNull();
    expect(typingIn(scene, set({ url: "http://example.org/a/long/one" }))).toBeNull();
    expect(typingIn(scene, set({ url: "https", n: 5 }))).toBeNull();
    expect(typingIn(scene, [{ type: "MOVE_BLOCK", blockId: "a", position: { x: 1, y: 1 } }])).toBeNull();
  });
});

describe("what a step is called", () => {
  const move = (blockId: string): Command => ({ type: "MOVE_BLOCK", blockId, position: { x: 1, y: 1 } });
  const cases: [string, Command[]][] = [
    ["Move of “fetch”", [move("a")]],
    ["Move of 2 blocks", [move("a"), move("b")]],
    ["Change of “fetch”", set({ n: 5 })],
    ["New block “d”", [{ type: "ADD_BLOCK", block: block("d") }, { type: "ADD_EDGE", edge: { id: "e", source: "a", sourcePort: "out", target: "d", targetPort: "in" } }]],
    ["2 new blocks", [{ type: "ADD_BLOCK", block: block("d") }, { type: "ADD_BLOCK", block: block("e") }]],
    ["Removal of “fetch”", [{ type: "REMOVE_EDGE", edgeId: "a>b" }, { type: "REMOVE_BLOCK", blockId: "a" }]],
    ["New wire", [{ type: "ADD_EDGE", edge: { id: "e", source: "a", sourcePort: "out", target: "b", targetPort: "in" } }]],
    ["2 changes", [...set({ n: 5 }), move("b")]],
  ];
  it.each(cases)("%s", (label, commands) => expect(labelOf(scene, commands)).toBe(label));
});
