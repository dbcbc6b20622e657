/** Flows and block types that the tests of the core share. */

import type { BlockType, Block, Edge, Flow, Port } from "./wire";

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
