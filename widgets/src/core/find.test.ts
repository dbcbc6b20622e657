import { describe, expect, it } from "vitest";
import { findables, foundIn, snippet } from "./find";
import { block, TYPES } from "./fixtures";
import type { BlockState } from "./wire";

const state = { blockId: "a", status: "completed", completed: 1, failed: 0, skipped: 0, summary: { kind: "value", text: "417 late" } } as BlockState;
const texts = findables(block("a", "step", { config: { url: "https://example.org/flights", headers: [{ name: "X-Day", value: 7 }], on: true } }), TYPES.get("step"), state);

describe("finding a block", () => {
  it("goes by type, any text of its config, and its last value", () => {
    expect(foundIn(texts, "FLIGHTS")).toBe("url: https://example.org/flights");
    expect(foundIn(texts, "x-day")).toBe("name: X-Day");
    expect(foundIn(texts, "7")).toBe("value: 7");
    expect(foundIn(texts, "late")).toBe("last value: 417 late");
    expect(foundIn(texts, "nothing")).toBeNull();
    expect(foundIn(texts, " ")).toBeNull();
  });

  it("shows the piece around what was found", () => {
    expect(snippet(`${"a ".repeat(40)}needle${" b".repeat(40)}`, "needle")).toBe(`…${"a ".repeat(12)}needle${" b".repeat(12)}…`);
  });
});
