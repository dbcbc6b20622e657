import { describe, expect, it } from "vitest";
import { summaryOf } from "./summary";

describe("the summary of a checkpoint's output", () => {
  it("is a plain value's own text", () => {
    expect(summaryOf(20)).toEqual({ kind: "value", text: "20" });
    expect(summaryOf("ok")).toEqual({ kind: "value", text: '"ok"' });
    expect(summaryOf(null)).toEqual({ kind: "value", text: "null" });
    expect(summaryOf("x".repeat(60))).toMatchObject({ text: `"${"x".repeat(38)}…` });
  });
  it("counts what is in lists and names an object's fields", () => {
    expect(summaryOf([1])).toMatchObject({ text: "1 item" });
    expect(summaryOf(Array(1200))).toMatchObject({ text: "1,200 items" });
    expect(summaryOf({ a: 1, b: 2 })).toMatchObject({ text: "{a, b}" });
    expect(summaryOf({ a: 1, b: 2, c: 3, d: 4, e: 5 })).toMatchObject({ text: "{a, b, c, d, …}" });
  });
  it("is a table's size, also when an object is about one table", () => {
    const table = { $table: { rows: 7, columns: [{}, {}], preview: [] } };
    expect(summaryOf(table)).toEqual({ kind: "table", rows: 7, columns: 2 });
    expect(summaryOf({ data: table, removed: 3 })).toEqual({ kind: "table", rows: 7, columns: 2 });
  });
  it("looks into the preview of what is too large to send, and is none for nothing", () => {
    expect(summaryOf({ $value: { hash: "x", bytes: 9, preview: [1, 2] } })).toMatchObject({ text: "2 items" });
    expect(summaryOf(undefined)).toBeNull();
  });
});
