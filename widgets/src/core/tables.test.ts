import { describe, expect, it } from "vitest";
import { tablesIn, withoutTables } from "./tables";
import type { ValuePage } from "./wire";

const table = { $table: { rows: 4009, columns: [{ name: "a", type: "Int64" }], preview: [{ a: 1 }, { a: null }] } };
const page: ValuePage = { type: "value", value: { data: table, removedCount: 7, deep: [table] } };

describe("tables inside an object", () => {
  it("are shown as tables of the rows that came along", () => {
    const [inner, ...more] = tablesIn(page);
    expect(more).toEqual([]);
    expect(inner).toMatchObject({ field: "data", rows: 4009, page: { type: "table", rows: 2, columns: [{ name: "a", nulls: 1 }] } });
  });
  it("leave words in their place", () => {
    expect(withoutTables(page)).toEqual({ type: "value", value: { data: "table, 4,009 × 1", removedCount: 7, deep: ["table, 4,009 × 1"] } });
  });
  it("are not seen where there are none", () => {
    expect(tablesIn({ type: "value", value: [table] })).toEqual([]);
    expect(tablesIn({ type: "value", value: { $table: "odd" } })).toEqual([]);
    expect(withoutTables({ type: "value", value: null })).toEqual({ type: "value", value: null });
  });
});
