/** What an editor offers at a place in an expression: names, fields of what stands before the dot, functions. */

import type { FunctionHint, NameHint, ScopeHints } from "./types";

export interface Offer {
  label: string;
  kind: NameHint["kind"] | "function" | "column";
  detail: string;
  doc: string;
  /** What is put in, when it is not the label. */
  insert: string | null;
}

/** The place of an expression in a text with `{{ … }}` that holds the cursor, or null outside of all. */
export function expressionAround(text: string, cursor: number): { from: number; to: number } | null {
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("{{", at);
    if (open < 0 || open + 2 > cursor) return null;
    if (text[open - 1] === "\\") {
      at = open + 2;
      continue;
    }
    const close = text.indexOf("}}", open + 2);
    const end = close < 0 ? text.length : close;
    if (cursor <= end) return { from: open + 2, to: end };
    at = end + 2;
  }
  return null;
}

/** All `{{ … }}` of a text, outer edges. An opening without its end reaches to the end of the text. */
export function expressionRanges(text: string): { from: number; to: number; closed: boolean }[] {
  const ranges: { from: number; to: number; closed: boolean }[] = [];
  let at = 0;
  for (;;) {
    const open = text.indexOf("{{", at);
    if (open < 0) return ranges;
    if (text[open - 1] === "\\") {
      at = open + 2;
      continue;
    }
    const close = text.indexOf("}}", open + 2);
    const end = close < 0 ? text.length : close + 2;
    ranges.push({ from: open, to: end, closed: close >= 0 });
    at = end;
  }
}

function follow(names: readonly NameHint[], path: readonly string[]): readonly NameHint[] {
  let here = names;
  for (const step of path) here = here.find((hint) => hint.name === step)?.fields ?? [];
  return here;
}

const nameOffer = (hint: NameHint): Offer => ({
  label: hint.name,
  kind: hint.kind,
  detail: hint.detail ?? "",
  doc: hint.doc ?? "",
  insert: null,
});

const functionOffer = (hint: FunctionHint): Offer => ({
  label: hint.name,
  kind: "function",
  detail: hint.signature.replace(hint.name, ""),
  doc: hint.doc,
  insert: `${hint.name}()`,
});

/**
 * Offers for the text before the cursor (of the expression only), and how many characters of it they replace.
 * Null where nothing fits, as inside a string or after a number.
 */
export function offersFor(before: string, hints: ScopeHints): { length: number; offers: Offer[] } | null {
  const column = /([A-Za-z_][\w.]*)\[["']([^"'\]]*)$/.exec(before);
  if (column) {
    const fields = follow(hints.names, column[1]!.split("."));
    if (!fields.length) return null;
    return { length: column[2]!.length, offers: fields.map((hint) => ({ ...nameOffer(hint), kind: "column" })) };
  }
  if (insideString(before)) return null;
  const dotted = /([A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*)\.([A-Za-z_]?\w*)$/.exec(before);
  if (dotted) {
    const fields = follow(hints.names, dotted[1]!.split("."));
    return fields.length ? { length: dotted[2]!.length, offers: fields.map(nameOffer) } : null;
  }
  if (/[\d)\]"']$/.test(before) && !/[A-Za-z_]\w*$/.test(before)) return null;
  const word = /[A-Za-z_]\w*$/.exec(before)?.[0] ?? "";
  return { length: word.length, offers: [...hints.names.map(nameOffer), ...hints.functions.map(functionOffer)] };
}

function insideString(before: string): boolean {
  let quote = "";
  for (let at = 0; at < before.length; at++) {
    const char = before[at]!;
    if (quote && char === "\\") at++;
    else if (quote && char === quote) quote = "";
    else if (!quote && (char === '"' || char === "'")) quote = char;
  }
  return quote !== "";
}

/** Block names and their columns, as a SQL editor wants them. */
export function sqlTables(hints: ScopeHints): Record<string, string[]> {
  return Object.fromEntries(
    hints.names.filter((hint) => hint.kind !== "variable").map((hint) => [hint.name, (hint.fields ?? []).map((field) => field.name)]),
  );
}

/** The word that a position lies in or before, so that a problem has something to stand under; at the end, the last sign. */
export function wordAt(text: string, position: number): [from: number, to: number] {
  let at = Math.max(0, Math.min(position, text.length));
  const blanks = /^\s*/.exec(text.slice(at))![0].length;
  if (at + blanks < text.length) at += blanks;
  else at = Math.max(0, text.trimEnd().length - 1);
  const before = /\w*$/.exec(text.slice(0, at))![0].length;
  const isInWord = /^\w/.test(text.slice(at));
  const from = isInWord ? at - before : at;
  const length = /^\w+/.exec(text.slice(from))?.[0].length ?? 1;
  return [from, Math.min(text.length, from + length)];
}
