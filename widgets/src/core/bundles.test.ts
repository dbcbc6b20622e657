import { describe, expect, it } from "vitest";
import { countedWords, fileName, readBundle } from "./bundles";

describe("a bundle", () => {
  it("is known by its parts, and what is none says why", () => {
    expect(readBundle('{"formatVersion": 1, "functions": []}')).toEqual({ bundle: { formatVersion: 1, functions: [] } });
    expect(readBundle('{"workbench": "blocks"}')).toEqual({ problem: expect.stringContaining("no bundle") as string });
    expect(readBundle("def f(): pass")).toEqual({ problem: expect.stringContaining("no JSON") as string });
    expect(readBundle("null")).toHaveProperty("problem");
  });

  it("says what an import would do and did", () => {
    expect(countedWords({ create: 2, update: 1, skip: 0, error: 0 }, "will")).toBe("2 to create, 1 to update");
    expect(countedWords({ create: 0, update: 0, skip: 3, error: 0 }, "did")).toBe("3 skipped");
    expect(countedWords({ create: 0, update: 0, skip: 0, error: 0 }, "did")).toBe("nothing to do");
  });

  it("becomes a file whose name every system takes", () => {
    expect(fileName("Tägliche Flüge: 5/7")).toBe("Tägliche-Flüge-5-7.bundle.json");
    expect(fileName("../..")).toBe("function.bundle.json");
  });
});
