import { describe, expect, it } from "vitest";
import { failedIterations, iterationOf, nearestFailed } from "./iterations";

const at = (path: string, status: "failed" | "completed" = "failed", attempt = 1) => ({ path, status, attempt });

describe("iterations", () => {
  it("that failed are read off the paths, each once and in order", () => {
    expect(failedIterations("loop", [at("loop[14]/a"), at("loop[7]/a"), at("loop[7]/b"), at("loop[3]/a", "completed")])).toEqual([7, 14]);
    expect(failedIterations("outer[2]/loop", [at("outer[2]/loop[5]/a"), at("outer[3]/loop[6]/a")])).toEqual([5]);
  });
  it("that a later attempt made good do not count", () => {
    expect(failedIterations("loop", [at("loop[1]/a"), at("loop[1]/a", "completed", 2)])).toEqual([]);
  });
  it("belong to their own scope", () => {
    expect([iterationOf("loop", "loop[3]/x[1]/a"), iterationOf("loop", "loops[3]/a"), iterationOf("loop", "loop")]).toEqual([3, null, null]);
  });
  it("are caught by a click nearby", () => {
    expect([nearestFailed([10, 20], 12, 3), nearestFailed([10, 20], 15, 3), nearestFailed([10, 12], 11.6, 3)]).toEqual([10, null, 12]);
  });
});
