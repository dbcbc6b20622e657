import { describe, expect, it } from "vitest";
import { barsOf, foldByBlock, ticks, totalMs } from "./timeline";
import type { Timing } from "./types";

const timing = (blockId: string, startMs: number, runMs: number, status = "completed"): Timing => ({
  blockId,
  name: blockId,
  path: `${blockId}@${startMs}`,
  attempt: 1,
  status,
  startMs,
  queueMs: 2,
  runMs,
  waitMs: 1,
});

describe("a timeline", () => {
  it("scales bars to the whole run", () => {
    const all = [timing("a", 0, 7), timing("b", 10, 87)];
    expect(totalMs(all)).toBe(100);
    expect(barsOf(all)[1]).toMatchObject({ start: 0.1, queue: 0.02, run: 0.87, wait: 0.01 });
  });

  it("bears a run that took no time", () => {
    expect(totalMs([])).toBe(0);
    expect(barsOf([{ ...timing("a", 0, 0), queueMs: 0, waitMs: 0 }])[0]).toMatchObject({ start: 0, run: 0 });
    expect(ticks(0)).toEqual([0]);
  });

  it("puts round times on the axis", () => {
    expect(ticks(1840, 4)).toEqual([0, 500, 1000, 1500]);
    expect(ticks(90_000, 4)).toEqual([0, 30_000, 60_000, 90_000]);
    expect(ticks(30 * 86_400_000, 4).length).toBeLessThanOrEqual(5);
    expect(ticks(0.5, 4)).toEqual([0, 0.25, 0.5]);
  });

  it("folds a loop's executions into one line that shows a failure", () => {
    const [fold] = foldByBlock([timing("w", 5, 10), timing("w", 2, 20, "failed"), timing("w", 9, 5)]);
    expect(fold).toMatchObject({ count: 3, total: { startMs: 2, runMs: 35, queueMs: 6, status: "failed" } });
  });
});
