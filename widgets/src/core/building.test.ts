import { describe, expect, it } from "vitest";
import { freeOutput, newBlock, newWire, nudged } from "./building";
import { applyAll } from "./commands";
import { block, flow, TYPES } from "./fixtures";

describe("building", () => {
  it("adds a block where it is told, wired to what it goes behind", () => {
    const before = flow([block("a")]);
    const made = newBlock(before, TYPES, "number", { x: 5, y: 6 }, { blockId: "a", port: "out" }, { x: 0, y: 0 })!;
    const after = applyAll(before, made.commands);
    expect([after.blocks.at(-1)!.id, after.blocks.at(-1)!.position, after.edges.map((e) => [e.source, e.target])]).toEqual([made.id, { x: 5, y: 6 }, [["a", made.id]]]);
    expect(newBlock(before, TYPES, "nothing known", null, null, { x: 0, y: 0 })).toBeNull();
  });

  it("finds the output that no wire leaves, and gives a wire an id of its own", () => {
    const before = flow([block("a"), block("b")], "a>b");
    expect([freeOutput(before, TYPES, before.blocks[0]!), freeOutput(before, TYPES, before.blocks[1]!)]).toEqual([null, { blockId: "b", port: "out" }]);
    const wire = newWire(before, { blockId: "b", port: "out" }, { blockId: "a", port: "in" });
    expect(applyAll(before, [wire]).edges).toHaveLength(2);
  });

  it("moves the chosen blocks the way of the key", () => {
    const before = flow([block("a"), block("b")]);
    const { x, y } = before.blocks[1]!.position;
    expect(nudged(before, new Set(["b"]), "ArrowUp")).toEqual([{ type: "MOVE_BLOCK", blockId: "b", position: { x, y: y - 16 } }]);
    expect(nudged(before, new Set(["b"]), "x")).toEqual([]);
  });
});
