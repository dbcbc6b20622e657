import { describe, expect, it } from "vitest";
import { counted, countWords, overlaid } from "./compare";
import { block, flow } from "./fixtures";
import type { Diff } from "./wire";

const edge = (id: string, source: string, target: string) => ({ id, source, sourcePort: "out", target, targetPort: "in" });
const nothing: Diff = {
  from: 1, to: 2, isEmpty: true, blocks: { added: [], removed: [], moved: [], changed: [] }, edges: { added: [], removed: [], changed: [] },
  variables: [], layout: [], function: [],
};

describe("an overlay of two versions", () => {
  const after = flow([block("a"), block("b")], "a>b");
  const diff: Diff = {
    ...nothing,
    blocks: {
      added: [block("b")],
      removed: [block("old")],
      moved: [{ id: "a", name: "a", before: { x: 0, y: 0 }, after: { x: 1, y: 1 } }],
      changed: [{ id: "a", name: "a", fields: [{ field: "config.x", before: 1, after: 2, lines: null }] }],
    } as never,
    edges: { added: [edge("a>b", "a", "b")], removed: [edge("a>b", "a", "old"), edge("x", "nowhere", "old")], changed: [] },
  };

  it("puts back what was removed, and marks each thing once; changed says more than moved", () => {
    const { flow: shown, marks } = overlaid(after, diff);
    expect(shown.blocks.map((b) => b.id)).toEqual(["a", "b", "old"]);
    expect(marks.blocks).toEqual({ a: "changed", b: "added", old: "removed" });
    expect(shown.edges.map((e) => e.id)).toEqual(["a>b", "a>b (removed)"]);
    expect(marks.edges).toEqual({ "a>b": "added", "a>b (removed)": "removed" });
  });

  it("is counted in words", () => {
    expect(countWords(diff)).toBe("1 added, 1 removed, 1 changed, 1 moved, 3 wires");
    expect(counted(diff).map((part) => part.mark)).toEqual(["added", "removed", "changed", "moved", null]);
    expect(countWords(nothing)).toBe("nothing differs");
    expect(countWords({ ...nothing, variables: [{ name: "x", before: 1, after: 2 }], layout: ["notes"], function: [{ name: "name", before: "a", after: "b" }] })).toBe("1 variable, notes, name");
  });
});
