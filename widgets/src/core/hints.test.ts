import { describe, expect, it } from "vitest";
import { block, flow, TYPES } from "./fixtures";
import { fieldsIn, hintsFor, upstreamOf } from "./hints";

const TABLE = { type: "table" as const, rows: 3, columns: [{ name: "origin", type: "String", nulls: 0 }, { name: "worst", type: "Float64", nulls: 0 }], data: [] };
const LOOP = flow(
  [block("start", "start"), block("read", "table"), block("each", "loop", { config: { items: "{{ read }}" } }), block("inside")],
  "start>read", "read>each", "each:body>inside",
);
const named = (at: string, name: string, known = {}) =>
  hintsFor(LOOP, TYPES, [], at, null, {}, known).names.find((hint) => hint.name === name)?.fields?.map((field) => field.name);

describe("completion from values that are known", () => {
  it("offers a table's columns at its block, and at the input of what is wired to it", () => {
    const known = { read: fieldsIn(TABLE) };
    expect(named("each", "read", known)).toEqual(["origin", "worst"]);
    expect(named("each", "input", known)).toEqual(["origin", "worst"]);
    expect(named("each", "read")).toBeUndefined();
  });
  it("offers them at the item of a loop over the table", () => {
    expect(named("inside", "item", { read: fieldsIn(TABLE) })).toEqual(["origin", "worst"]);
  });
  it("looks into objects and the tables in them", () => {
    const [data, count] = fieldsIn({ type: "value", value: { data: { $table: { rows: 3, columns: [{ name: "a", type: "Int64" }], preview: [] } }, count: 3 } });
    expect(data).toMatchObject({ name: "data", detail: "3 × 1", fields: [{ name: "a", detail: "Int64" }] });
    expect(count).toEqual({ name: "count", kind: "field", detail: "number" });
  });
});

it("finds what leads to a block, nearest first", () => {
  expect(upstreamOf(LOOP, "inside")).toEqual(["each", "read", "start"]);
});
