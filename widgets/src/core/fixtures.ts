/** Flows and block types that the tests of the core share. */

import type { BlockType, Block, DebugState, Edge, Flow, Port, Run } from "./wire";

const port = (name: string, more: Partial<Port> = {}): Port => ({ name, type: "any", ...more });

function type(name: string, more: Partial<BlockType> = {}): [string, BlockType] {
  return [
    name,
    {
      type: name, title: name, category: "flow", summary: "", icon: "box", effect: "pure", isTrigger: false, isScope: false,
      inputs: [port("in")], outputs: [port("out"), port("error", { type: "object" })],
      configSchema: { properties: { expression: { "x-expression": "expression" }, text: { "x-expression": "template" } } },
      ...more,
    },
  ];
}

export const TYPES: ReadonlyMap<string, BlockType> = new Map([
  type("start", { isTrigger: true, inputs: [] }),
  type("step"),
  type("table", { outputs: [port("out", { type: "table" })] }),
  type("wantsTable", { inputs: [port("in", { type: "table" })] }),
  type("number", { outputs: [port("out", { type: "number" })] }),
  type("condition", { outputs: [port("true"), port("false")] }),
  type("loop", { isScope: true, outputs: [port("body", { region: true }), port("out")], regionNames: ["item", "index"] }),
]);

export function block(id: string, kind = "step", more: Partial<Block> = {}): Block {
  return { id, type: kind, name: id, config: {}, position: { x: 0, y: 0 }, ...more };
}

/** Edges as `"a>b"`, or `"a:port>b"`. */
export function flow(blocks: Block[], ...wires: string[]): Flow {
  const edges = wires.map((wire): Edge => {
    const [from, target] = wire.split(">") as [string, string];
    const [source, sourcePort = "out"] = from.split(":") as [string, string?];
    return { id: wire, source, sourcePort, target, targetPort: "in" };
  });
  return { blocks, edges, variables: {}, notes: [], groups: [] };
}

/** start → loop [body: a → inner loop [b]] → after */
export const NESTED = flow(
  [block("start", "start"), block("outer", "loop"), block("a"), block("inner", "loop"), block("b"), block("after")],
  "start>outer", "outer:body>a", "a>inner", "inner:body>b", "outer>after",
);

/** A run of the function `f` that has just started. */
export const RUN: Run = {
  id: "r", functionId: "f", functionName: "f", version: 1, status: "running", trigger: { type: "manual" }, inputs: {}, output: null,
  error: null, priority: 0, debug: false, durability: "strict", attempt: 1, checkpointCount: 0, parentRunId: null, forkedFrom: null,
  createdAt: "2026-01-01T00:00:00Z", startedAt: null, finishedAt: null, queueMs: null, runMs: null, waitMs: null, progress: { done: 0 },
};

/** That run, paused before a block. */
export function debugAt(blockId: string): DebugState {
  return {
    runId: RUN.id, functionId: RUN.functionId, status: "paused", path: blockId, blockId, blockName: blockId, when: "before", callStack: [],
    variables: {}, names: {}, inputs: null, blockOutputs: {}, outputs: {}, error: null, breakpoints: [], canStepBack: false, isPast: false,
  };
}
