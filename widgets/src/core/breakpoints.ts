/** Breakpoints in signs and words, and what the editor makes of what was typed. Pure. */

import { equal } from "./commands";
import type { Breakpoint } from "./wire";

export type BreakpointKind = "none" | "on" | "off" | "conditional" | "log" | "never";

/** Each kind's sign; a plain one is drawn as a dot, full or hollow. */
export const BREAKPOINT_SIGNS: Readonly<Record<BreakpointKind, string>> = { none: "", on: "", off: "", conditional: "◐", log: "▤", never: "✕" };

/** Why a breakpoint cannot do what it says, from outside of it. */
export interface Hindrance {
  isDisabled: boolean;
  /** What the debugger said of its expression. */
  problem: string | null;
}

/** The sign of a block's breakpoints: of the one that does most, where there are several. */
export function kindOfAll(points: readonly Breakpoint[], hindrance: Hindrance): BreakpointKind {
  const kinds = new Set(points.map((point) => kindOf(point, hindrance)));
  return (["never", "on", "conditional", "log", "off"] as const).find((kind) => kinds.has(kind)) ?? "none";
}

/** A block's breakpoints in words, a line each. */
export function wordsOfAll(points: readonly Breakpoint[], hindrance: Hindrance, keys: { toggle: string; edit: string }): string {
  return points.length ? points.map((point) => wordsOf(point, hindrance, keys)).join("\n") : wordsOf(null, hindrance, keys);
}

export function kindOf(point: Breakpoint | null, hindrance: Hindrance): BreakpointKind {
  if (!point) return "none";
  if (point.enabled === false) return "off";
  if (hindrance.isDisabled || hindrance.problem) return "never";
  if (point.logMessage) return "log";
  return point.condition || (point.hitCount ?? 0) > 1 ? "conditional" : "on";
}

/** A breakpoint in one line, for its tooltip. */
export function wordsOf(point: Breakpoint | null, hindrance: Hindrance, keys: { toggle: string; edit: string }): string {
  const how = `right-click or ${keys.edit} to edit`;
  if (!point) return `Set a breakpoint (${keys.toggle}); ${how}`;
  const where = point.when === "after" ? "after" : "before";
  const act = point.logMessage ? `logs “${point.logMessage}” ${where} this block` : `pauses ${where} this block`;
  const hits = (point.hitCount ?? 0) > 1 ? `from hit ${point.hitCount} on` : "";
  const when = [point.condition ? `if ${point.condition}` : "", hits].filter(Boolean).join(", ");
  const words = `Breakpoint: ${[act, when].filter(Boolean).join(" ")}`;
  if (point.enabled === false) return `${words} (switched off); ${how}`;
  if (hindrance.isDisabled) return `Cannot be hit: the block is switched off. ${words}`;
  if (hindrance.problem) return `Its expression failed: ${hindrance.problem} ${words}`;
  return `${words}; ${how}`;
}

/** What the editor's fields hold. */
export interface BreakpointDraft {
  enabled: boolean;
  when: "before" | "after";
  condition: string;
  hitCount: string;
  logMessage: string;
}

export function draftOf(point: Breakpoint | null): BreakpointDraft {
  return {
    enabled: point?.enabled !== false,
    when: point?.when === "after" ? "after" : "before",
    condition: point?.condition ?? "",
    hitCount: point?.hitCount ? String(point.hitCount) : "",
    logMessage: point?.logMessage ?? "",
  };
}

/** What is wrong with what was typed, or null. */
export function draftProblem(draft: BreakpointDraft): string | null {
  const hits = draft.hitCount.trim();
  if (hits && !(/^\d+$/.test(hits) && Number(hits) >= 1 && Number(hits) <= 1_000_000_000)) return "Hits is a whole number from 1 on";
  return null;
}

export function pointOf(blockId: string, draft: BreakpointDraft): Breakpoint {
  const hits = draft.hitCount.trim();
  return {
    blockId,
    when: draft.when,
    enabled: draft.enabled,
    condition: draft.condition.trim() || null,
    hitCount: hits ? Number(hits) : null,
    logMessage: draft.logMessage.trim() || null,
  };
}

/** The breakpoints with these in the place of the block's; two that are the same count once. */
export function withPoints(points: readonly Breakpoint[], blockId: string, its: readonly Breakpoint[]): Breakpoint[] {
  const fresh = its.filter((point, i) => its.findIndex((other) => equal(other, point)) === i);
  return [...points.filter((other) => other.blockId !== blockId), ...fresh];
}

/** The next breakpoint that a person may want: on the side that has none yet. */
export function nextDraft(drafts: readonly BreakpointDraft[]): BreakpointDraft {
  const fresh = draftOf(null);
  return { ...fresh, when: drafts.some((d) => d.when === "before") && !drafts.some((d) => d.when === "after") ? "after" : "before" };
}

/** What tells a draft from its fellows, short enough for a tab. */
export function tabOf(draft: BreakpointDraft): string {
  const more = draft.logMessage.trim() ? "log" : draft.condition.trim() ? "if…" : draft.hitCount.trim() ? `hit ${draft.hitCount.trim()}` : "";
  return [draft.when, more, draft.enabled ? "" : "(off)"].filter(Boolean).join(" ");
}
