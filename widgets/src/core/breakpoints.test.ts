import { describe, expect, it } from "vitest";
import { draftOf, draftProblem, kindOf, kindOfAll, nextDraft, pointOf, tabOf, withPoints, wordsOf } from "./breakpoints";

const FREE = { isDisabled: false, problem: null };
const KEYS = { toggle: "F9", edit: "Shift+F9" };

describe("a breakpoint", () => {
  it("has a sign for each kind", () => {
    const kinds = [{}, { enabled: false, condition: "x" }, { condition: "x" }, { hitCount: 3 }, { hitCount: 1 }, { logMessage: "m", condition: "x" }];
    expect(kinds.map((more) => kindOf({ blockId: "a", ...more }, FREE))).toEqual(["on", "off", "conditional", "conditional", "on", "log"]);
    expect(kindOf(null, FREE)).toBe("none");
  });
  it("says why it cannot be hit", () => {
    const failed = { isDisabled: false, problem: "There is no name x." };
    expect(kindOf({ blockId: "a", condition: "x" }, failed)).toBe("never");
    expect(wordsOf({ blockId: "a", condition: "x" }, failed, KEYS)).toContain("There is no name x.");
    expect(kindOf({ blockId: "a" }, { isDisabled: true, problem: null })).toBe("never");
  });
  it("says what it does", () => {
    expect(wordsOf({ blockId: "a", when: "after", condition: "item > 1", hitCount: 3 }, FREE, KEYS)).toMatch(/pauses after this block if item > 1, from hit 3 on/);
    expect(wordsOf({ blockId: "a", logMessage: "at {{ item }}" }, FREE, KEYS)).toContain("logs “at {{ item }}” before");
  });
  it("comes out of the editor as it went in", () => {
    const point = { blockId: "a", when: "after" as const, enabled: true, condition: "x > 1", hitCount: 2, logMessage: null };
    expect(pointOf("a", draftOf(point))).toEqual(point);
    expect(withPoints([{ blockId: "b" }, { blockId: "a" }], "a", [point, { ...point }])).toEqual([{ blockId: "b" }, point]);
  });
  it("may have fellows on the same block: before and after, one that stops and one that logs", () => {
    const before = draftOf({ blockId: "a" });
    expect(nextDraft([before]).when).toBe("after");
    expect(nextDraft([before, nextDraft([before])]).when).toBe("before");
    expect([before, { ...before, when: "after" as const, condition: "x" }, { ...before, logMessage: "m", enabled: false }].map(tabOf)).toEqual(["before", "after if…", "before log (off)"]);
    expect(kindOfAll([{ blockId: "a", enabled: false }, { blockId: "a", logMessage: "m" }], FREE)).toBe("log");
    expect(kindOfAll([], FREE)).toBe("none");
  });
  it("takes whole hits only", () => {
    expect(["", "3", "0", "1.5", "x"].map((hitCount) => draftProblem({ ...draftOf(null), hitCount }) === null)).toEqual([true, true, false, false, false]);
  });
});
