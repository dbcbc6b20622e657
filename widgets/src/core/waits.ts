/** What a block waits for, in words that count down. Pure. */

import { formatMs } from "./format";
import type { Waiting } from "./wire";

/** `until order.paid · 3 min 02 s left`; `short` says the time alone. */
export function waitWords(waiting: Waiting, now: number, short = false): string {
  const left = Date.parse(waiting.dueAt) - now;
  const time = Number.isFinite(left) ? (left > 0 ? `${formatMs(Math.ceil(left / 1000) * 1000)} left` : "due now") : "";
  if (short) return time;
  return [whatFor(waiting), time].filter(Boolean).join(" · ");
}

function whatFor(waiting: Waiting): string {
  switch (waiting.kind) {
    case "event":
      return `until ${waiting.eventType ?? "an event"}`;
    case "condition":
      return "until its condition holds";
    case "approval":
      return waiting.title ?? waiting.message ?? "until somebody decides";
    default:
      return "waiting";
  }
}
