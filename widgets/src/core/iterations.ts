/** Iterations of a scope, read off the paths of what ran in them. Pure. */

import type { BlockState, Checkpoint } from "./wire";

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

/** The iteration that a path says of a scope: the number behind the scope's id; null when it does not lie in one. */
export function iterationIn(path: string | null | undefined, scopeId: string): number | null {
  const part = path?.split("/").find((segment) => segment.startsWith(`${scopeId}[`));
  const index = part ? Number.parseInt(part.slice(scopeId.length + 1), 10) : Number.NaN;
  return Number.isFinite(index) ? index : null;
}

/** The newest iteration of which anything inside the scope has told; -1 before the first. */
export function newestIteration(scopeId: string, members: Iterable<string>, blocks: Readonly<Record<string, Pick<BlockState, "lastPath"> | undefined>>): number {
  let newest = -1;
  for (const id of members) newest = Math.max(newest, iterationIn(blocks[id]?.lastPath, scopeId) ?? -1);
  return newest;
}
