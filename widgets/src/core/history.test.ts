import { describe, expect, it } from "vitest";
import { byWhom, changesOf, isPersonal, readTags, toUndo, undoWords } from "./history";
import type { CommandEntry } from "./wire";

const entry = (groupId: string, version: number, more: Partial<CommandEntry> = {}): CommandEntry => ({
  id: `${groupId}${version}`, functionId: "f", type: "MOVE_BLOCK", payload: {}, author: "ada", origin: "jupyter", version, position: 0, groupId,
  label: "Move of 3 blocks", kind: "command", ofGroup: null, undone: false, createdAt: "2026-01-01T00:00:00Z", ...more,
});

describe("the history", () => {
  it("names what undo takes back", () => {
    expect(undoWords("Undo", { label: "Move of 3 blocks", author: null })).toBe("Undo move of 3 blocks");
    expect(undoWords("Redo", { label: "3 new blocks", author: null })).toBe("Redo 3 new blocks");
  });

  it("folds the commands of a group, typing over several versions too, into one change", () => {
    const changes = changesOf([entry("b", 4), entry("a", 3), entry("a", 2), entry("a", 2)]);
    expect(changes.map((c) => [c.groupId, c.from, c.to, c.entries.length])).toEqual([["b", 4, 4, 1], ["a", 2, 3, 3]]);
  });

  it("undoes all that stands down to a change, newest first", () => {
    const changes = changesOf([entry("u", 5, { kind: "undo" }), entry("c", 4, { undone: true }), entry("b", 3), entry("a", 2), entry("z", 1)]);
    expect(toUndo(changes, changes[3]!).map((c) => c.groupId)).toEqual(["b", "a"]);
  });

  it("says who, and by which door, without login names that tell nothing", () => {
    expect(byWhom("ada", "jupyter")).toBe("ada, canvas");
    expect(byWhom("0123456789abcdef0123456789abcdef", "jupyter")).toBe("canvas");
    expect(byWhom("kernel", "kernel")).toBe("kernel, Python");
    expect(byWhom("key:nightly", "api")).toBe("key nightly, REST");
    expect(isPersonal(null)).toBe(false);
  });

  it("reads tags with commas between them, each once", () => {
    expect(readTags(" good, nightly,,good ")).toEqual(["good", "nightly"]);
  });
});
