import { describe, expect, it } from "vitest";
import { expressionPath, glimpse, openAtFirst, rowsOf, treeKey, visibleSlice, type TreeRow } from "./tree";

const value = { name: "EWR", delays: [1, 2, { max: 1126 }], big: Array.from({ length: 250 }, (_, i) => i) };
const labels = (rows: TreeRow[]) => rows.map((row) => row.label);

describe("a JSON tree", () => {
  it("lists only what is open", () => {
    expect(labels(rowsOf(value, new Set()))).toEqual(["name", "delays", "big"]);
    const open = new Set([rowsOf(value, new Set())[1]!.id]);
    expect(labels(rowsOf(value, open))).toEqual(["name", "delays", "0", "1", "2", "big"]);
  });

  it("puts long lists into ranges, and their entries keep their own index", () => {
    const first = rowsOf(value, new Set()).find((row) => row.label === "big")!;
    const ranges = rowsOf(value, new Set([first.id])).filter((row) => row.range);
    expect(labels(ranges)).toEqual(["0 … 99", "100 … 199", "200 … 249"]);
    const inside = rowsOf(value, new Set([first.id, ranges[2]!.id])).filter((row) => row.depth === 2);
    expect(inside).toHaveLength(50);
    expect(expressionPath("score", inside[0]!.steps)).toBe("score.big[200]");
  });

  it("gives every row its own id, also where keys look like indexes", () => {
    const odd = { 0: [1], "0/1": 2, a: { b: 1 }, "a/b": 3 };
    const rows = rowsOf(odd, openAtFirst(odd));
    expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
  });

  it("opens small branches at first and leaves large ones", () => {
    const rows = rowsOf(value, openAtFirst(value));
    expect(labels(rows)).toContain("max");
    expect(rows.some((row) => row.range)).toBe(false);
  });

  it("is one row for a plain value and none for an empty object", () => {
    expect(rowsOf(5, new Set())).toMatchObject([{ label: "", value: 5, children: 0 }]);
    expect(rowsOf({}, new Set())).toEqual([]);
  });

  it("moves by keys as a tree does", () => {
    const closed = rowsOf(value, new Set());
    expect(treeKey(closed, 1, "ArrowRight")).toEqual({ index: 1, open: closed[1]!.id });
    const rows = rowsOf(value, new Set([closed[1]!.id]));
    expect(treeKey(rows, 1, "ArrowRight")).toEqual({ index: 2 });
    expect(treeKey(rows, 3, "ArrowLeft")).toEqual({ index: 1 });
    expect(treeKey(rows, 1, "ArrowLeft")).toEqual({ index: 1, close: closed[1]!.id });
    expect(treeKey(rows, 0, "ArrowUp")).toEqual({ index: 0 });
    expect(treeKey(rows, 0, "End")).toEqual({ index: 5 });
    expect(treeKey(rows, 0, "x")).toBeNull();
    expect(treeKey([], 0, "End")).toBeNull();
  });

  it("writes paths as expressions do", () => {
    expect(expressionPath("a", [])).toBe("a");
    expect(expressionPath("a", [0, "x y"])).toBe('a[0]["x y"]');
    expect(expressionPath("", ["x", 1])).toBe("x[1]");
  });

  it("says in a line what a branch holds", () => {
    expect([glimpse([]), glimpse([1, 2]), glimpse({ a: 1 }), glimpse("x".repeat(200), 5)]).toEqual(["[]", "[2]", "{ a }", '"xxxxx"…']);
  });

  it("draws only rows in view, however many there are", () => {
    expect(visibleSlice(1_000_000, 20, 20_000, 300, 2)).toEqual([998, 1017]);
    expect(visibleSlice(3, 20, 0, 300)).toEqual([0, 3]);
    expect(visibleSlice(0, 20, 500, 300)).toEqual([13, 13]);
  });
});
