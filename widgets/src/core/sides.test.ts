import { expect, it } from "vitest";
import { block, flow } from "./fixtures";
import { inOneLine, sidesOf } from "./sides";

it("two sides differ by field, by block and by variable", () => {
  const before = { ...flow([block("a", "step", { config: { x: 0, y: 2 } }), block("b", "step", { name: "b before" }), block("c"), block("d")]), variables: { v: 0, w: 0 } };
  const mine = { ...flow([block("a", "step", { config: { x: 1, y: 2 } }), block("b"), block("d"), block("mine")]), variables: { v: 1, w: 0 } };
  const theirs = { ...flow([block("a", "step", { name: "A", config: { x: 3, y: 2 }, disabled: false }), block("c"), block("d", "step", { name: "D", config: { z: 1 } }), block("theirs")]), variables: { v: 2, w: 3 } };
  expect(sidesOf(before, mine, theirs).map((s) => [s.blockId, s.field, s.mine, s.theirs])).toEqual([
    ["a", "x", 1, 3],
    ["b", "block", "there", undefined],
    ["c", "block", undefined, "there"],
    ["", "v", 1, 2],
  ]);
});

it("values stand in one line", () => {
  expect([inOneLine(undefined), inOneLine("a\n  b"), inOneLine({ a: [1] })]).toEqual(["–", "a b", '{"a":[1]}']);
});
