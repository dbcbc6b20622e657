/** Going on from what was done before, in words. Pure. */

import { formatCount } from "./format";
import type { Run, RunAgain, RunStatus } from "./wire";

/** What a retry or fork takes over, in one line: `12 reused, 3 run again`. */
export function reuseWords(answer: Pick<RunAgain, "reused" | "rerun" | "kept" | "counts">): string {
  const count = (name: "reused" | "rerun" | "kept") => answer.counts?.[name] ?? answer[name]?.length ?? 0;
  const [reused, rerun, kept] = [count("reused"), count("rerun"), count("kept")];
  if (!reused && !rerun && !kept) return "nothing could be reused";
  return [`${formatCount(reused)} reused`, `${formatCount(rerun)} run again`, kept ? `${formatCount(kept)} kept as they were` : ""].filter(Boolean).join(", ");
}

/** What is said after a retry: the same run goes on, or a new one was forked. */
export function againWords(before: Pick<Run, "id">, answer: RunAgain): string {
  const what = answer.id === before.id ? `Attempt ${answer.attempt}` : "A new run goes on from there";
  return `${what}: ${reuseWords(answer)}`;
}

const UNSUCCESSFUL = new Set<RunStatus>(["failed", "cancelled", "timed_out", "dead_letter"]);

/** Whether the run may go on from where it ended. */
export function mayRetry(run: Pick<Run, "status"> | null | undefined): boolean {
  return run != null && UNSUCCESSFUL.has(run.status);
}

/** Whether the run has done something that a fork can take over. */
export function mayFork(run: Pick<Run, "status"> | null | undefined): boolean {
  return run != null && (run.status === "completed" || UNSUCCESSFUL.has(run.status));
}

/** Whose queue holds a pending run: the function's or the whole server's; null where no pause does. */
export function pausedQueue(reason: string | null | undefined): "function" | "server" | null {
  if (!reason || !/paused?/i.test(reason)) return null;
  return /queue of “/.test(reason) ? "function" : "server";
}
