/** Three functions to start from on an empty canvas. They read no files, so each runs as it stands. */

import type { Block, Edge, Flow, Json } from "./wire";
import { EMPTY_FLOW } from "./flow";

export interface Example {
  id: string;
  title: string;
  line: string;
  flow: Flow;
}

type Spec = [id: string, type: string, name: string, config: Record<string, Json>, x: number, y: number];

function flowOf(specs: Spec[], wires: [from: string, to: string, port?: string][]): Flow {
  const blocks = specs.map(([id, type, name, config, x, y]): Block => ({ id, type, name, config, position: { x, y } }));
  const edges = wires.map(
    ([source, target, sourcePort = "out"], i): Edge => ({ id: `edge_${i + 1}`, source, sourcePort, target, targetPort: "in" }),
  );
  return { ...EMPTY_FLOW, blocks, edges };
}

const PRICES = [12.5, 80, 42, 7.25];

export const EXAMPLES: readonly Example[] = [
  {
    id: "compute",
    title: "Compute a summary",
    line: "start → a mapping of expressions → return",
    flow: flowOf(
      [
        ["start", "start", "start", { inputSchema: { type: "object", properties: { prices: { type: "array", default: PRICES } } } }, 0, 10],
        ["totals", "transform", "totals", { language: "mapping", code: { total: "sum(input.prices)", dearest: "max(input.prices)" } }, 168, 0],
        ["answer", "return", "answer", { value: "{{ totals }}" }, 448, 0],
      ],
      [
        ["start", "totals"],
        ["totals", "answer"],
      ],
    ),
  },
  {
    id: "branch",
    title: "Branch on a condition",
    line: "true goes one way, false the other",
    flow: flowOf(
      [
        ["start", "start", "start", { inputSchema: { type: "object", properties: { delay: { type: "number", default: 42 } } } }, 0, 58],
        ["late", "condition", "is it late", { simple: [{ left: "{{ input.delay }}", operator: "greater_than", right: 15 }] }, 168, 48],
        ["warn", "transform", "warn", { language: "expression", code: "'late by ' + str(start.delay) + ' minutes'" }, 464, 0],
        ["fine", "transform", "all is well", { language: "expression", code: "'on time'" }, 464, 96],
      ],
      [
        ["start", "late"],
        ["late", "warn", "true"],
        ["late", "fine", "false"],
      ],
    ),
  },
  {
    id: "loop",
    title: "Loop over a list",
    line: "the blocks in the frame run once an item",
    flow: flowOf(
      [
        ["start", "start", "start", { inputSchema: { type: "object", properties: { cities: { type: "array", default: ["Oslo", "Lima", "Pune"] } } } }, 0, 10],
        ["each", "loop", "each city", { loopType: "forEach", items: "{{ start.cities }}", itemVariable: "city" }, 168, 0],
        ["greet", "transform", "greet", { language: "expression", code: "'Hello, ' + city" }, 216, 136],
        ["all", "return", "all greetings", { value: "{{ each_city.results }}" }, 536, 0],
      ],
      [
        ["start", "each"],
        ["each", "greet", "body"],
        ["each", "all"],
      ],
    ),
  },
];

/** The examples whose block types all exist here. */
export function usableExamples(types: ReadonlyMap<string, unknown>): Example[] {
  return EXAMPLES.filter((example) => example.flow.blocks.every((block) => types.has(block.type)));
}
