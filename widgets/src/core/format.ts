/** Numbers, times and states in words. Pure. */

import type { BlockState, BlockStatus, RunStatus, Summary } from "./wire";

const numbers = new Intl.NumberFormat("en-US");

export function formatCount(n: number): string {
  return numbers.format(n);
}

/** `3 ms`, `1.2 s`, `4 min 05 s`, `2 h 10 min`. */
export function formatMs(ms: number): string {
  if (ms < 1) return "<1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${String(Math.floor((ms % 60_000) / 1000)).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What a wire's chip says. */
export function chipText(summary: Summary | null | undefined): string | null {
  if (!summary) return null;
  return summary.kind === "table" ? `${formatCount(summary.rows)} × ${formatCount(summary.columns)}` : shorten(summary.text, 22);
}

/** What stands under a card after a run: `1,461 rows · 3 ms`. */
export function resultText(state: BlockState): string {
  const parts: string[] = [];
  if (state.total != null) parts.push(`${formatCount(state.done ?? 0)} of ${formatCount(state.total)}`);
  else if (state.summary?.kind === "table") parts.push(`${formatCount(state.summary.rows)} ${state.summary.rows === 1 ? "row" : "rows"}`);
  else if (state.summary?.kind === "value") parts.push(shorten(state.summary.text, 24));
  if (state.runMs != null) parts.push(formatMs(state.runMs));
  return parts.join(" · ");
}

export function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

export type Look = "queued" | "running" | "waiting" | "paused" | "done" | "skipped" | "failed" | "reused" | "forced" | "cancelled" | "unknown";

/** Each state's sign and word; colour is never the only sign. */
export const LOOKS: Readonly<Record<Look, { sign: string; word: string }>> = {
  queued: { sign: "◷", word: "queued" },
  running: { sign: "◌", word: "running" },
  waiting: { sign: "⧗", word: "waiting" },
  paused: { sign: "‖", word: "paused" },
  done: { sign: "✓", word: "done" },
  skipped: { sign: "–", word: "skipped" },
  failed: { sign: "✕", word: "failed" },
  reused: { sign: "↺", word: "reused" },
  forced: { sign: "✋", word: "forced" },
  cancelled: { sign: "■", word: "cancelled" },
  unknown: { sign: "?", word: "unknown outcome" },
};

export function lookOf(state: Pick<BlockState, "status" | "flags" | "reused" | "forced">): Look {
  if (state.status !== "completed") return state.status;
  const has = (flag: string) => state.flags?.includes(flag) ?? false;
  if (state.forced || has("forced") || has("mocked")) return "forced";
  return state.reused || has("reused") || has("kept") ? "reused" : "done";
}

const RUN_LOOK: Readonly<Record<RunStatus, Look>> = {
  pending: "queued",
  queued: "queued",
  running: "running",
  waiting: "waiting",
  paused: "paused",
  cancelling: "cancelled",
  cancelled: "cancelled",
  completed: "done",
  failed: "failed",
  timed_out: "failed",
  dead_letter: "failed",
};

export function runLook(status: RunStatus): Look {
  return RUN_LOOK[status];
}

export function runWord(status: RunStatus): string {
  return status.replace("_", " ");
}

const ENDED = new Set<RunStatus>(["completed", "failed", "timed_out", "cancelled", "dead_letter"]);

export function hasEnded(status: RunStatus): boolean {
  return ENDED.has(status);
}

export function isSettled(status: BlockStatus): boolean {
  return status === "completed" || status === "failed" || status === "skipped" || status === "cancelled";
}
