import { describe, expect, it } from "vitest";
import { applyAll, type Command } from "./commands";
import { block, flow } from "./fixtures";
import { effective, mayReplay, replayed } from "./replay";

const base = flow([block("a"), block("b"), block("c")], "a>b", "b>c");

describe("mayReplay", () => {
  const rename: Command = { type: "UPDATE_BLOCK", blockId: "a", name: "mine" };
  it("allows edits of blocks that are unchanged", () => {
    const theirs = applyAll(base, [{ type: "UPDATE_BLOCK", blockId: "b", name: "theirs" }]);
    expect(mayReplay(base, theirs, [rename])).toBe(true);
  });
  it("refuses when the same block changed or went", () => {
    expect(mayReplay(base, applyAll(base, [{ type: "UPDATE_BLOCK", blockId: "a", config: { x: 1 } }]), [rename])).toBe(false);
    expect(mayReplay(base, applyAll(base, [{ type: "REMOVE_BLOCK", blockId: "a" }]), [rename])).toBe(false);
  });
  it("does not take a move for a change", () => {
    expect(mayReplay(base, applyAll(base, [{ type: "MOVE_BLOCK", blockId: "a", position: { x: 7, y: 7 } }]), [rename])).toBe(true);
  });
  it("goes by their own names and ids where a whole list is set", () => {
    const note = (id: string, text: string) => ({ id, text });
    const noted = { ...base, notes: [note("n", "old")], variables: { x: 1 } };
    const mine: Command = { type: "SET_NOTES", notes: [note("n", "old"), note("m", "mine")] };
    const theirs = { ...noted, notes: [note("n", "theirs")] };
    expect(mayReplay(noted, theirs, [mine])).toBe(true);
    expect(replayed(noted, theirs, [mine])).toEqual([{ type: "SET_NOTES", notes: [note("n", "theirs"), note("m", "mine")] }]);
    expect(mayReplay(noted, theirs, [{ type: "SET_NOTES", notes: [note("n", "mine")] }])).toBe(false);
    expect(mayReplay(noted, { ...noted, variables: { x: 1, y: 2 } }, [{ type: "SET_VARIABLES", variables: { x: 3 } }])).toBe(true);
    expect(replayed(noted, { ...noted, variables: { x: 1, y: 2 } }, [{ type: "SET_VARIABLES", variables: { x: 3 } }])).toEqual([{ type: "SET_VARIABLES", variables: { x: 3, y: 2 } }]);
  });
});

describe("replayed", () => {
  it("gives new blocks and wires other ids when someone else took theirs", () => {
    const edge = { id: "edge_1", source: "a", sourcePort: "out", target: "step_1", targetPort: "in" };
    const mine: Command[] = [
      { type: "ADD_BLOCK", block: block("step_1") },
      { type: "ADD_EDGE", edge },
      { type: "MOVE_BLOCK", blockId: "step_1", position: { x: 1, y: 1 } },
    ];
    const theirs = applyAll(base, [{ type: "ADD_BLOCK", block: block("step_1", "step", { name: "theirs" }) }, { type: "ADD_EDGE", edge: { ...edge, source: "b" } }]);
    expect(mayReplay(base, theirs, mine)).toBe(true);
    const after = applyAll(theirs, replayed(base, theirs, mine));
    expect(after.blocks.map((b) => b.id)).toEqual(["a", "b", "c", "step_1", "step_2"]);
    expect(after.edges.slice(-2).map((e) => `${e.id} ${e.source}>${e.target}`)).toEqual(["edge_1 b>step_1", "edge_2 a>step_2"]);
    expect(after.blocks.at(-1)!.position.x).toBe(1);
  });
});

describe("effective", () => {
  it("leaves out what would change nothing", () => {
    const edge = { id: "n", source: "a", sourcePort: "out", target: "b", targetPort: "in" };
    expect(effective(base, [{ type: "ADD_EDGE", edge }, { type: "UPDATE_BLOCK", blockId: "a", config: {} }, { type: "REMOVE_BLOCK", blockId: "zz" }])).toEqual([]);
    expect(effective(base, [{ type: "REMOVE_EDGE", edgeId: "a>b" }, { type: "REMOVE_BLOCK", blockId: "b" }])).toHaveLength(2);
  });
});
