/** Log entries by level and text. */

import type { LogEntry, LogLevel } from "./types";

export const LEVELS: readonly LogLevel[] = ["debug", "info", "warning", "error"];

/** Entries of this level and above that hold the text, in message, block or path. */
export function filterLogs(entries: readonly LogEntry[], level: LogLevel, text = ""): LogEntry[] {
  const from = LEVELS.indexOf(level);
  const wanted = text.trim().toLowerCase();
  return entries.filter((entry) => {
    if (LEVELS.indexOf(entry.level) < from) return false;
    if (!wanted) return true;
    return `${entry.message} ${entry.blockName ?? ""} ${entry.path ?? ""}`.toLowerCase().includes(wanted);
  });
}

/** How many entries of each level there are. */
export function countLevels(entries: readonly LogEntry[]): Record<LogLevel, number> {
  const counts: Record<LogLevel, number> = { debug: 0, info: 0, warning: 0, error: 0 };
  for (const entry of entries) counts[entry.level]++;
  return counts;
}
