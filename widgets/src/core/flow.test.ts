import { describe, expect, it } from "vitest";
import { freshId, freshName, handleOf, outputsOf } from "./flow";
import { block, flow, NESTED, TYPES } from "./fixtures";
import { cachedRegions, enclosingScopes, pathOf, regionOf, regionsOf } from "./regions";
import { fit, fitter } from "./ports";
import { tidy, sizeOf, CARD_WIDTH } from "./layout";
import { neighbour } from "./navigate";

describe("handles and names", () => {
  it("makes the handle that expressions use", () => {
    expect(handleOf("worst of day")).toBe("worst_of_day");
    expect(handleOf("2nd try!")).toBe("_2nd_try_");
    expect(handleOf("größe · m²")).toBe("größe_m2");
  });
  it("finds a name whose handle is new", () => {
    expect(freshName("filter", ["start"])).toBe("filter");
    expect(freshName("my filter", ["my-filter", "my filter 2"])).toBe("my filter 3");
  });
  it("finds an id that the wire allows", () => {
    expect(freshId("read table", new Set(["read_table_1"]))).toBe("read_table_2");
  });
  it("reads a condition's and a parallel's ports from the config", () => {
    const branches = block("c", "condition", { config: { multiBranch: true, branches: [{ name: "hot" }, { name: "cold" }], defaultBranch: true } });
    expect(outputsOf(TYPES.get("condition"), branches).map((p) => p.name)).toEqual(["hot", "cold", "default"]);
    expect(outputsOf(TYPES.get("condition"), block("c", "condition")).map((p) => p.name)).toEqual(["true", "false"]);
    expect(outputsOf(TYPES.get("condition"), block("c", "condition", { config: { multiBranch: true, branches: "nonsense" } })).length).toBe(2);
  });
});

describe("regions", () => {
  it("hold all that is reachable from the body, inner regions too", () => {
    const [outer, inner] = regionsOf(NESTED, TYPES);
    expect([...outer!.members].sort()).toEqual(["a", "b", "inner"]);
    expect([...inner!.members]).toEqual(["b"]);
    expect([outer!.depth, inner!.depth]).toEqual([0, 1]);
  });
  it("name the innermost region, the scopes around a block and its path", () => {
    const regions = cachedRegions(NESTED, TYPES);
    expect(cachedRegions(NESTED, TYPES)).toBe(regions);
    expect(regionOf(regions, "b")?.scopeId).toBe("inner");
    expect(regionOf(regions, "after")).toBeUndefined();
    expect(enclosingScopes(regions, "b")).toEqual(["outer", "inner"]);
    expect(pathOf(regions, "b", { outer: 3 })).toBe("outer[3]/inner[0]/b");
  });
  it("bear a circle", () => {
    const round = flow([block("l", "loop"), block("a"), block("b")], "l:body>a", "a>b", "b>a");
    expect([...regionsOf(round, TYPES)[0]!.members].sort()).toEqual(["a", "b"]);
  });
});

describe("fit", () => {
  const chain = flow([block("start", "start"), block("a"), block("b"), block("lonely")], "start>a", "a>b");
  it("refuses a circle, itself, a twin and a trigger's missing input", () => {
    const judge = fitter(chain, TYPES, [], { blockId: "a", port: "out" });
    expect(judge({ blockId: "a", port: "in" })).toMatchObject({ fits: false });
    expect(judge({ blockId: "b", port: "in" })).toMatchObject({ fits: false, reason: expect.stringContaining("already") });
    expect(judge({ blockId: "start", port: "in" })).toMatchObject({ fits: false });
    expect(judge({ blockId: "lonely", port: "in" })).toEqual({ fits: true });
    expect(fit(chain, TYPES, [], { blockId: "b", port: "out" }, { blockId: "a", port: "in" })).toMatchObject({ fits: false, reason: expect.stringContaining("circle") });
  });
  it("refuses a wire out of a region, but takes a block that nothing is wired to yet into it", () => {
    const nested = { ...NESTED, blocks: [...NESTED.blocks, block("new")] };
    const judge = fitter(nested, TYPES, regionsOf(nested, TYPES), { blockId: "b", port: "out" });
    expect(judge({ blockId: "after", port: "in" })).toMatchObject({ fits: false, reason: expect.stringContaining("region") });
    expect(judge({ blockId: "new", port: "in" })).toEqual({ fits: true });
  });
  it("hints at types without forbidding", () => {
    const typed = flow([block("t", "table"), block("n", "number"), block("w", "wantsTable")]);
    expect(fit(typed, TYPES, [], { blockId: "t", port: "out" }, { blockId: "w", port: "in" })).toEqual({ fits: true });
    expect(fit(typed, TYPES, [], { blockId: "n", port: "out" }, { blockId: "w", port: "in" })).toMatchObject({ fits: false, allowed: true, reason: "Takes a table, and this gives a number" });
  });
});

describe("tidy", () => {
  it("puts blocks left to right and a region under its scope, nothing over anything else", () => {
    const places = tidy(NESTED, TYPES);
    expect(places.size).toBe(NESTED.blocks.length);
    expect(places.get("start")!.x).toBeLessThan(places.get("outer")!.x);
    expect(places.get("a")!.y).toBeGreaterThan(places.get("outer")!.y + 56);
    expect(places.get("b")!.y).toBeGreaterThan(places.get("inner")!.y + 56);
    expect(places.get("after")!.y).toBe(places.get("outer")!.y);
    const rects = NESTED.blocks.map((b) => ({ ...places.get(b.id)!, ...sizeOf(b, TYPES) }));
    for (const [i, a] of rects.entries()) {
      for (const b of rects.slice(i + 1)) {
        const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(apart).toBe(true);
      }
    }
  });
  it("keeps `true` above `false`, however the edges are listed", () => {
    const branching = flow([block("c", "condition"), block("no"), block("yes"), block("then")], "c:false>no", "c:true>yes", "yes>then");
    const places = tidy(branching, TYPES);
    expect(places.get("yes")!.y).toBeLessThan(places.get("no")!.y);
  });
  it("is stable, bears circles and an empty flow", () => {
    const once = tidy(NESTED, TYPES);
    const moved = { ...NESTED, blocks: NESTED.blocks.map((b) => ({ ...b, position: once.get(b.id)! })) };
    expect([...tidy(moved, TYPES)]).toEqual([...once]);
    expect(tidy(flow([block("a"), block("b")], "a>b", "b>a"), TYPES).size).toBe(2);
    expect(tidy(flow([]), TYPES).size).toBe(0);
    expect(CARD_WIDTH).toBe(208);
  });
});

describe("neighbour", () => {
  const at = (id: string, x: number, y: number) => block(id, "step", { position: { x, y } });
  const board = flow([at("a", 0, 0), at("b", 300, 0), at("c", 300, 100), at("d", 600, 0)], "a>b", "a>c", "b>d");
  it("goes along wires, then to the nearest in that direction", () => {
    expect(neighbour(board, "a", "next")).toBe("b");
    expect(neighbour(board, "c", "previous")).toBe("a");
    expect(neighbour(board, "b", "below")).toBe("c");
    expect(neighbour(board, "c", "above")).toBe("b");
    expect(neighbour(board, "d", "next")).toBeNull();
    expect(neighbour(board, undefined, "next")).toBe("a");
  });
});
