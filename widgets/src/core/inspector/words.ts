/** What the server's words mean to a person: effect classes, states, operators. */

import type { BlockKind } from "./types";

export function effectInWords(effect: BlockKind["effect"]): { label: string; text: string } {
  switch (effect) {
    case "pure":
      return { label: "Pure", text: "Same input, same output. After a crash it may be computed again." };
    case "idempotent":
      return { label: "Safe to repeat", text: "Reads or waits. Running it twice changes nothing in the world." };
    default:
      return {
        label: "Touches the world",
        text: "Once it has completed it is never repeated. Cut off by a crash, it is tried again with the same key.",
      };
  }
}

/** Sign and word of a block's or run's state; the sign is never the only difference, nor is the colour. */
export function stateInWords(status: string): { sign: string; text: string; tone: string } {
  const states: Record<string, [string, string, string]> = {
    pending: ["◷", "pending", "quiet"],
    queued: ["◷", "queued", "quiet"],
    running: ["◌", "running", "info"],
    waiting: ["⧗", "waiting", "info"],
    paused: ["‖", "paused", "warn"],
    completed: ["✓", "done", "success"],
    done: ["✓", "done", "success"],
    skipped: ["–", "skipped", "quiet"],
    failed: ["✕", "failed", "error"],
    timed_out: ["✕", "timed out", "error"],
    dead_letter: ["✕", "dead letter", "error"],
    cancelled: ["⊘", "cancelled", "quiet"],
    unknown: ["?", "unknown", "warn"],
    reused: ["↺", "reused", "brand"],
    forced: ["✋", "forced", "warn"],
  };
  const [sign, text, tone] = states[status] ?? ["·", status, "quiet"];
  return { sign, text, tone };
}

const OPERATORS: Record<string, string> = {
  equals: "=",
  not_equals: "≠",
  greater_than: ">",
  less_than: "<",
  gte: "≥",
  lte: "≤",
  contains: "contains",
  not_contains: "contains not",
  starts_with: "starts with",
  ends_with: "ends with",
  is_null: "is null",
  is_not_null: "is not null",
  in: "in",
  not_in: "not in",
};

export function operatorInWords(operator: string): string {
  return OPERATORS[operator] ?? operator.replace(/_/g, " ");
}

/** Operators that look at one value only. */
export function takesNoValue(operator: unknown): boolean {
  return typeof operator === "string" && /^(is_.*|exists|not_exists|empty|not_empty)$/.test(operator);
}

export function categoryInWords(category: string): string {
  return category === "ai" ? "AI" : category.charAt(0).toUpperCase() + category.slice(1);
}
