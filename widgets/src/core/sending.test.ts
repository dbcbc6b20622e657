import { describe, expect, it } from "vitest";
import { toSend } from "./sending";
import { block, flow } from "./fixtures";

const note = (id: string, text: string) => ({ id, text, position: { x: 0, y: 0 } });
const before = { ...flow([block("a")]), notes: [note("n1", "one"), note("n2", "two")], groups: [{ id: "g", title: "all", blockIds: ["a"], locked: true }] };

describe("what is sent of notes and groups", () => {
  it("is the items that changed, and of them the fields", () => {
    const notes = [note("n1", "uno"), note("n3", "three")];
    expect(toSend(before, [{ type: "SET_NOTES", notes }])).toEqual([
      { type: "REMOVE_NOTE", noteId: "n2" },
      { type: "UPDATE_NOTE", noteId: "n1", note: { text: "uno" } },
      { type: "ADD_NOTE", note: note("n3", "three") },
    ]);
    expect(toSend(before, [{ type: "SET_GROUPS", groups: [{ id: "g", title: "all", blockIds: ["a"] }] }])).toEqual([{ type: "UPDATE_GROUP", groupId: "g", group: { locked: null } }]);
  });

  it("goes on from what the commands before it made", () => {
    const first = [...before.notes, note("n3", "three")];
    const second = first.map((n) => (n.id === "n3" ? note("n3", "drei") : n));
    expect(toSend(before, [{ type: "SET_NOTES", notes: first }, { type: "SET_NOTES", notes: second }]).map((c) => c.type)).toEqual(["ADD_NOTE", "UPDATE_NOTE"]);
  });

  it("is the whole list where its items do not tell it", () => {
    const turned = { type: "SET_NOTES" as const, notes: [...before.notes].reverse() };
    const twice = { type: "SET_NOTES" as const, notes: [note("n1", "one"), note("n1", "two")] };
    expect(toSend(before, [turned])).toEqual([turned]);
    expect(toSend(before, [twice])).toEqual([twice]);
  });

  it("leaves other commands alone", () => {
    expect(toSend(before, [{ type: "REMOVE_BLOCK", blockId: "a" }])).toEqual([{ type: "REMOVE_BLOCK", blockId: "a" }]);
  });
});
