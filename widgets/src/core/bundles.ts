/** Bundles: functions as one document that goes out as a file or text, and comes in after a look at what it would do. Pure. */

import { countWords } from "./compare";
import type { Diff, ImportItem, ImportPreview, Json } from "./wire";

export type Bundle = Record<string, Json>;

/** What a text is that was dropped or pasted: a bundle, or why it is none. */
export function readBundle(text: string): { bundle: Bundle } | { problem: string } {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (cause) {
    return { problem: `This is no JSON: ${cause instanceof Error ? cause.message : String(cause)}` };
  }
  if (!looksLikeBundle(read)) return { problem: "This is JSON, but no bundle of functions: a bundle has “formatVersion” and “functions”." };
  return { bundle: read };
}

export function looksLikeBundle(value: unknown): value is Bundle {
  return typeof value === "object" && value !== null && "formatVersion" in value && Array.isArray((value as Bundle).functions);
}

export const ACTIONS: Readonly<Record<ImportItem["action"], { sign: string; word: string; tone: string }>> = {
  create: { sign: "+", word: "create", tone: "added" },
  update: { sign: "~", word: "update", tone: "changed" },
  skip: { sign: "–", word: "skip", tone: "same" },
  error: { sign: "✕", word: "cannot", tone: "removed" },
};

/** `2 created, 1 updated`: what an import would do, or did. */
export function countedWords(counts: ImportPreview["counts"], tense: "will" | "did"): string {
  const words = tense === "will" ? { create: "to create", update: "to update", skip: "to skip", error: "cannot be imported" } : { create: "created", update: "updated", skip: "skipped", error: "failed" };
  const parts = (["create", "update", "skip", "error"] as const).flatMap((action) => (counts[action] ? [`${counts[action]} ${words[action]}`] : []));
  return parts.join(", ") || "nothing to do";
}

/** What would differ, in a few words; empty where nothing is compared. */
export function differenceWords(item: ImportItem): string {
  return item.diff ? countWords(item.diff as Diff) : "";
}

/** A name that every file system takes. */
export function fileName(name: string): string {
  const plain = name.normalize("NFKC").replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "").slice(0, 80);
  return `${plain || "function"}.bundle.json`;
}
