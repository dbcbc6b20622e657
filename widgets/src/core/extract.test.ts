import { describe, expect, it } from "vitest";
import { applyAll } from "./commands";
import { planExtraction, type Extraction } from "./extract";
import { block, flow, TYPES } from "./fixtures";
import type { BlockType, Flow } from "./wire";

const transform: BlockType = {
  ...TYPES.get("step")!, type: "transform", title: "transform", configSchema: { properties: { language: {}, code: { "x-codeFrom": "language" } } },
};
const types = new Map([...TYPES, ["transform", transform], ["subflow", { ...TYPES.get("step")!, type: "subflow", configSchema: { properties: { inputs: { "x-expression": "template", additionalProperties: {} } } } }]] as [string, BlockType][]);
const step = (id: string, code = "", more = {}) => block(id, "transform", { config: { language: "expression", code }, ...more });
const wires = (f: Flow) => f.edges.map((e) => `${e.source}>${e.target}`).sort();

function plan(scene: Flow, ...ids: string[]): Extraction {
  const found = planExtraction(scene, types, new Set(ids));
  if ("problem" in found) throw new Error(found.problem);
  return found;
}

describe("a part made a function of its own", () => {
  const scene = flow([block("start", "start"), step("a"), step("b", "a + 1"), step("c", "b + a"), step("d", "c * 2"), step("e", "c + b")], "start>a", "a>b", "b>c", "c>d", "d>e");

  it("takes what it is wired to and names, gives what is read outside, and is one step of one block", () => {
    const { inside, inputs, outputs, commands } = plan(scene, "b", "c");
    expect([inputs, outputs]).toEqual([["a"], ["b", "c"]]);
    expect(inside.blocks.map((b) => [b.name, b.config.code])).toEqual([["start", undefined], ["b", "a + 1"], ["c", "b + a"], ["a", "start.a"], ["result", { b: "b", c: "c" }]]);
    expect(inside.blocks[0]!.config).toEqual({ inputSchema: { type: "object", properties: { a: {} } } });
    expect(wires(inside)).toEqual(["b>c", "c>transform_2", "start_1>transform_1", "transform_1>b"]);
    const { commands: steps, callId } = commands("f-id", "price");
    const after = applyAll(scene, steps);
    expect(after.blocks.map((b) => [b.name, b.config.code ?? b.config])).toEqual([
      ["start", {}], ["a", ""], ["d", "c * 2"], ["e", "c + b"], ["price", { functionId: "f-id", inputs: { a: "{{ a }}" } }], ["b", "price.b"], ["c", "price.c"],
    ]);
    expect(wires(after)).toEqual(["a>" + callId, "d>e", "start>a", `${callId}>transform_1`, `${callId}>transform_2`, "transform_2>d"]);
  });

  it("with one result is read under the call's own name", () => {
    const { inside, outputs, commands } = plan(scene, "d");
    expect(outputs).toEqual(["d"]);
    expect(inside.blocks.map((b) => b.name)).toEqual(["start", "d", "c"]);
    const two = flow([step("a"), step("b", "a"), step("c", "b.x")], "a>b", "b>c");
    const after = applyAll(two, plan(two, "b").commands("f", "half").commands);
    expect(after.blocks.find((x) => x.id === "c")!.config.code).toBe("half.x");
    expect(commands("f", "d").callId).toBe("subflow_1");
  });

  it("leaves its call in the group that its blocks stood in", () => {
    const grouped = { ...scene, groups: [{ id: "g", title: "t", blockIds: ["b", "d"] }] };
    const { commands } = plan(grouped, "b", "c");
    expect(applyAll(grouped, commands("f", "x").commands).groups).toEqual([{ id: "g", title: "t", blockIds: ["d", "subflow_1"] }]);
  });

  it("takes the names of a loop around it along under other names", () => {
    const looped = flow([step("s"), block("l", "loop"), step("x", "item * index"), step("y", "x")], "s>l", "l:body>x", "x>y");
    const { inside, inputs, commands } = plan(looped, "x");
    expect(inputs).toEqual(["l", "item_value", "index_value"]);
    expect(inside.blocks.find((b) => b.id === "x")!.config.code).toBe("item_value * index_value");
    const after = applyAll(looped, commands("f", "scaled").commands);
    expect(after.edges.map((e) => `${e.source}:${e.sourcePort}>${e.target}`)).toEqual(["s:out>l", "l:body>subflow_1", "subflow_1:out>y"]);
  });

  it("takes what is inside a scope along with it", () => {
    const looped = flow([step("s"), block("l", "loop"), step("x"), step("z", "l")], "s>l", "l:body>x", "l>z");
    const { inside, outputs } = plan(looped, "l");
    expect(inside.blocks.map((b) => b.id)).toContain("x");
    expect(outputs).toEqual(["l"]);
    expect(inside.blocks.map((b) => b.name)).not.toContain("result");
  });

  const refused: [string, Flow, string[], string][] = [
    ["a trigger", scene, ["start", "a"], "starts this function"],
    ["nothing", scene, ["gone"], "Choose the blocks"],
    ["blocks around another", scene, ["a", "c"], "stands between"],
    ["a branch that leads out", flow([block("q", "condition"), step("t"), step("u")], "q:true>t", "q:false>u"), ["q", "t"], "leads out"],
    ["two ways in, one of them a branch", flow([block("q", "condition"), step("t"), step("u"), step("w")], "q:true>t", "u>t", "t>w"), ["t"], "and from elsewhere"],
  ];
  it.each(refused)("says why it cannot be: %s", (_name, from, ids, words) => {
    expect(planExtraction(from, types, new Set(ids))).toEqual({ problem: expect.stringContaining(words) as string });
  });
});
