import { describe, expect, it } from "vitest";
import { mergeDraft, sameValue } from "./draft";

describe("a draft under which the saved config changes", () => {
  it("is the same object when nothing changed, so that nothing is drawn again", () => {
    const draft = { a: [1, { b: 2 }] };
    expect(mergeDraft(draft, { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toBe(draft);
  });

  it("keeps what was typed and takes the rest", () => {
    expect(mergeDraft({ a: "typed", b: 1 }, { a: "", b: 1 }, { a: "other", b: 2, c: 3 })).toEqual({ a: "typed", b: 2, c: 3 });
  });

  it("keeps a key that was reset, and drops one that was removed elsewhere", () => {
    expect(mergeDraft({ b: 1 }, { a: 1, b: 1 }, { a: 1, b: 1 })).toEqual({ b: 1 });
    expect(mergeDraft({ a: 1, b: 1 }, { a: 1, b: 1 }, { b: 1 })).toEqual({ b: 1 });
  });

  it("does not let an older save undo later typing", () => {
    const sent = { code: "ab" };
    expect(mergeDraft({ code: "abc" }, sent, { code: "ab" })).toEqual({ code: "abc" });
  });

  it("tells lists from objects and undefined from absent", () => {
    expect(sameValue([], {})).toBe(false);
    expect(sameValue({ a: undefined }, { b: undefined })).toBe(false);
    expect(sameValue(NaN, NaN)).toBe(true);
  });
});
