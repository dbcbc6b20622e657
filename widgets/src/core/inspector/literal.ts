/**
 * One text box for any value: what reads as JSON is that JSON value, everything else is text.
 *
 * So `5` is a number, `"5"` is text, `[1, 2]` a list, `{{ a.b }}` an expression. `parseLiteral(formatLiteral(v))` is `v`.
 */

export function hasExpression(value: unknown): value is string {
  return typeof value === "string" && /(^|[^\\])\{\{/.test(value);
}

function asJson(text: string): { value: unknown } | null {
  const trimmed = text.trim();
  if (!/^(-?\d|[[{"]|true$|false$|null$)/.test(trimmed) || trimmed.startsWith("{{")) return null;
  try {
    return { value: JSON.parse(trimmed) as unknown };
  } catch {
    return null;
  }
}

export function parseLiteral(text: string): unknown {
  const json = asJson(text);
  if (json === null) return text;
  // A number that JavaScript would round stays as it was typed.
  if (typeof json.value === "number" && !Number.isSafeInteger(json.value) && /^-?\d+$/.test(text.trim())) return text;
  return json.value;
}

export function formatLiteral(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "string") return asJson(value) === null ? value : JSON.stringify(value);
  return JSON.stringify(value);
}

/** A number field's text: a number where it is one, else the text as typed (an expression, or what validation refuses). */
export function parseNumber(text: string): number | string | undefined {
  const trimmed = text.trim();
  if (!trimmed) return undefined;
  const plain = trimmed.replace(/(?<=\d)[_\u202f](?=\d{3})/g, "");
  return /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : text;
}

/** What a value is, in a word or two, for a tag beside its field. */
export function kindOf(value: unknown): string {
  if (value === undefined) return "";
  if (value === null) return "null";
  if (hasExpression(value)) return "expression";
  if (Array.isArray(value)) return `list of ${value.length}`;
  if (typeof value === "object") return "object";
  return typeof value === "string" ? "text" : typeof value === "boolean" ? "true or false" : "number";
}
