import { expect, it } from "vitest";
import { applyChanges } from "./changes";
import { block, flow } from "./fixtures";
import type { WireChange, WorkflowFunction } from "./wire";

const fn = { id: "f", name: "f", version: 1, flow: flow([block("a", "step", { config: { x: 1, y: 2 } }), block("b")], "a>b") } as WorkflowFunction;

it("another viewer's edit is made here just as it was made there", () => {
  const changes: WireChange[] = [
    { type: "drop", kind: "edge", at: 0, value: { id: "a>b" } },
    { type: "set", kind: "block", id: "a", path: ["config", "x"], before: 1, after: 3 },
    { type: "set", kind: "block", id: "a", path: ["config", "y"], before: 2, absent: "after" },
    { type: "set", kind: "block", id: "b", path: ["position"], after: { x: 9, y: 9 } },
    { type: "put", kind: "block", at: 1, value: block("c") as never },
    { type: "order", kind: "block", before: ["a", "c", "b"], after: ["c", "b", "a"] },
    { type: "set", kind: "flow", id: "", path: ["variables", "v"], after: 7, absent: "before" },
    { type: "set", kind: "function", id: "", path: ["name"], before: "f", after: "g" },
  ];
  const after = applyChanges(fn, changes, 2)!;
  expect([after.version, after.name, after.flow.variables]).toEqual([2, "g", { v: 7 }]);
  expect(after.flow.blocks.map((b) => b.id)).toEqual(["c", "b", "a"]);
  expect(after.flow.blocks[2]!.config).toEqual({ x: 3 });
  expect([after.flow.blocks[1]!.position, after.flow.edges]).toEqual([{ x: 9, y: 9 }, []]);
  expect(fn.flow.blocks[0]!.config).toEqual({ x: 1, y: 2 });
});

it("what does not fit is not made by half", () => {
  const odd: WireChange[][] = [
    [{ type: "set", kind: "block", id: "gone", path: ["name"], after: "x" }],
    [{ type: "put", kind: "block", at: 0, value: { id: "a" } }],
    [{ type: "drop", kind: "edge", at: 0, value: { id: "gone" } }],
    [{ type: "order", kind: "block", before: [], after: ["a"] }],
  ];
  for (const changes of odd) expect(applyChanges(fn, changes, 2)).toBeNull();
});
