/** A run's timings as bars: where each block queued, ran and waited. */

import type { Timing } from "./types";

export interface Bar {
  timing: Timing;
  /** Fractions of the whole width, 0 to 1. */
  start: number;
  queue: number;
  run: number;
  wait: number;
}

export function totalMs(timings: readonly Timing[]): number {
  return Math.max(0, ...timings.map((t) => t.startMs + t.queueMs + t.runMs + t.waitMs));
}

export function barsOf(timings: readonly Timing[], total = totalMs(timings)): Bar[] {
  const whole = total || 1;
  return timings.map((timing) => ({
    timing,
    start: timing.startMs / whole,
    queue: timing.queueMs / whole,
    run: timing.runMs / whole,
    wait: timing.waitMs / whole,
  }));
}

/** Round times for the axis: at most `most` steps of 1, 2 or 5 times a power of ten (or of clock units). */
export function ticks(total: number, most = 5): number[] {
  if (!(total > 0)) return [0];
  const clock = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 3e5, 6e5, 1.8e6, 3.6e6, 1.08e7, 2.16e7, 4.32e7, 8.64e7];
  const step = clock.find((candidate) => total / candidate <= most) ?? Math.ceil(total / most / 8.64e7) * 8.64e7;
  const fine = total < 1 ? total / 2 : step;
  return Array.from({ length: Math.floor(total / fine) + 1 }, (_, index) => index * fine);
}

/** Executions of one block folded into one line: a loop of 500 items is one bar of 500, not 500 bars. */
export function foldByBlock(timings: readonly Timing[]): { first: Timing; count: number; total: Timing }[] {
  const groups = new Map<string, Timing[]>();
  for (const timing of timings) groups.set(timing.blockId, [...(groups.get(timing.blockId) ?? []), timing]);
  return [...groups.values()].map((group) => {
    const first = group[0]!;
    const sum = (key: "queueMs" | "runMs" | "waitMs") => group.reduce((all, timing) => all + timing[key], 0);
    const start = Math.min(...group.map((t) => t.startMs));
    const status = group.find((t) => t.status === "failed")?.status ?? group.at(-1)!.status;
    return {
      first,
      count: group.length,
      total: { ...first, status, startMs: start, queueMs: sum("queueMs"), runMs: sum("runMs"), waitMs: sum("waitMs") },
    };
  });
}
