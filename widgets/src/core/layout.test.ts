import { describe, expect, it } from "vitest";
import layouts from "../../../tests/flow/layouts.json";
import { tidy } from "./layout";
import type { BlockType, Flow } from "./wire";

const types = new Map(Object.entries(layouts.types) as unknown as [string, BlockType][]);

describe("tidy puts blocks where the server's layout does", () => {
  it.each(layouts.cases.map((c) => [c.name, c.flow as unknown as Flow] as const))("%s", (_name, flow) => {
    const wanted = new Map(flow.blocks.map((b) => [b.id, b.position]));
    const scattered = { ...flow, blocks: flow.blocks.map((b, i) => ({ ...b, position: { x: 7 * i, y: 300 - 3 * i } })) };
    expect(new Map([...tidy(scattered, types)].sort())).toEqual(new Map([...wanted].sort()));
  });
});
