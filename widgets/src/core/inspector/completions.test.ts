import { describe, expect, it } from "vitest";
import { expressionAround, expressionRanges, offersFor, sqlTables, wordAt } from "./completions";
import type { ScopeHints } from "./types";

const hints: ScopeHints = {
  names: [
    {
      name: "read_flights",
      kind: "block",
      fields: [
        { name: "origin", kind: "field" },
        { name: "dep", kind: "field", fields: [{ name: "delay", kind: "field" }] },
      ],
    },
    { name: "vars", kind: "scope", fields: [{ name: "threshold", kind: "field" }] },
    { name: "limit", kind: "variable" },
  ],
  functions: [{ name: "len", signature: "len(x)", doc: "How many." }],
};
const names = (before: string) => offersFor(before, hints)?.offers.map((offer) => offer.label);

describe("completion in expressions", () => {
  it("offers names and functions at a word", () => {
    expect(names("read")).toEqual(["read_flights", "vars", "limit", "len"]);
    expect(offersFor("1 + rea", hints)?.length).toBe(3);
    expect(offersFor("", hints)?.offers.at(-1)).toMatchObject({ insert: "len()", detail: "(x)" });
  });

  it("offers fields after a dot, however deep, and columns in brackets", () => {
    expect(names("len(read_flights.")).toEqual(["origin", "dep"]);
    expect(names("read_flights.dep.de")).toEqual(["delay"]);
    expect(names('read_flights["or')).toEqual(["origin", "dep"]);
  });

  it("offers nothing for unknown names, in strings and after values", () => {
    expect([names("nobody."), names("'text re"), names("12"), names("f(x)"), names('nobody["')]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(names("'a' + re")).toBeDefined();
    expect(names("'it\\'s re")).toBeUndefined();
  });

  it("knows whether the cursor is inside an expression", () => {
    const text = "a {{ b.c }} d {{ e";
    expect(expressionAround(text, 6)).toEqual({ from: 4, to: 9 });
    expect(expressionAround(text, 12)).toBeNull();
    expect(expressionAround(text, 18)).toEqual({ from: 16, to: 18 });
    expect(expressionAround("\\{{ a", 5)).toBeNull();
    expect(expressionAround("{{ a }}", 1)).toBeNull();
  });

  it("finds all expressions, also one without its end", () => {
    expect(expressionRanges("{{a}} \\{{ b }} {{ c")).toEqual([
      { from: 0, to: 5, closed: true },
      { from: 15, to: 19, closed: false },
    ]);
  });

  it("gives SQL the blocks as tables", () => {
    expect(sqlTables(hints)).toEqual({ read_flights: ["origin", "dep"], vars: ["threshold"] });
  });
});

describe("the word that a problem stands under", () => {
  const under = (text: string, position: number) => text.slice(...wordAt(text, position));
  it("is the one that holds or follows the position", () => {
    expect(under("{{ flghts.rows }}", 3)).toBe("flghts");
    expect(under("{{ flghts.rows }}", 5)).toBe("flghts");
    expect(under("{{ flghts.rows }}", 2)).toBe("flghts");
    expect(under("a + + b", 4)).toBe("+");
  });
  it("is the last sign at the end of the text", () => {
    expect(under("item.worst >", 12)).toBe(">");
    expect(under("item.worst >  ", 14)).toBe(">");
    expect(under("", 0)).toBe("");
  });
});
