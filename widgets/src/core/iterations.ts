/** Iterations of a scope, read off the paths of what ran in them. Pure. */

import type { Checkpoint } from "./wire";

/** The iterations in which something failed, in order; an attempt that a later one made good does not count. */
export function failedIterations(scopePath: string, checkpoints: readonly Pick<Checkpoint, "path" | "attempt" | "status">[]): number[] {
  const latest = new Map<string, Pick<Checkpoint, "path" | "attempt" | "status">>();
  for (const checkpoint of checkpoints) {
    const before = latest.get(checkpoint.path);
    if (!before || checkpoint.attempt >= before.attempt) latest.set(checkpoint.path, checkpoint);
  }
  const failed = new Set<number>();
  for (const { path, status } of latest.values()) {
    const index = status === "failed" ? iterationOf(scopePath, path) : null;
    if (index !== null) failed.add(index);
  }
  return [...failed].sort((a, b) => a - b);
}

/** Which iteration of the scope at `scopePath` a path lies in. */
export function iterationOf(scopePath: string, path: string): number | null {
  if (!path.startsWith(`${scopePath}[`)) return null;
  const index = Number.parseInt(path.slice(scopePath.length + 1), 10);
  return Number.isFinite(index) ? index : null;
}

/** The failed iteration at or near a place in the strip: within `reach` iterations of it. */
export function nearestFailed(failed: readonly number[], at: number, reach: number): number | null {
  let best: number | null = null;
  for (const index of failed) if (Math.abs(index - at) <= reach && (best === null || Math.abs(index - at) < Math.abs(best - at))) best = index;
  return best;
}
