/** What a card says in one line, in words from its config, until the server says it better. Bears any config. Pure. */

import { shorten } from "./format";
import type { Block, BlockType, Json } from "./wire";

type Config = Record<string, Json>;

const OPERATORS: Record<string, string> = {
  equals: "=", eq: "=", not_equals: "≠", ne: "≠", greater_than: ">", gt: ">", less_than: "<", lt: "<", gte: "≥", lte: "≤",
  is_null: "is empty", is_not_null: "is there", contains: "contains", not_contains: "lacks", starts_with: "starts with",
  ends_with: "ends with", in: "in", not_in: "not in",
};

export function describe(block: Block, type: BlockType | undefined): string {
  const line = DESCRIBERS[block.type]?.(block.config) ?? "";
  return shorten((line || (type?.title ?? block.type)).replace(/\s+/g, " ").trim(), 80);
}

const DESCRIBERS: Record<string, (config: Config) => string> = {
  start: (c) => Object.keys(record(record(c.inputSchema).properties)).join(", ") || text(c.description),
  read_table: (c) => text(c.path),
  write_table: (c) => (c.mode === "append" ? `append to ${text(c.path)}` : text(c.path)),
  filter: (c) => conditions(c.conditions, text(c.logical) || text(c.combine) || "and"),
  condition: (c) => (c.mode === "expression" ? bare(c.expression) : conditions(c.conditions ?? c.simple, "and")),
  aggregate: (c) => {
    const by = list(c.groupBy).map(text).join(", ");
    const what = list(c.operations)
      .map((o) => (record(o).field ? `${text(record(o).op)} ${text(record(o).field)}` : text(record(o).op)))
      .join(", ");
    return what && by ? `${what} by ${by}` : what || by;
  },
  sort: (c) => list(c.by).map((b) => `${text(record(b).field)}${record(b).descending ? " ↓" : " ↑"}`).join(", "),
  join: (c) => {
    const keys = list(c.on ?? c.leftOn).map(text).join(", ");
    return keys ? `${text(c.how) || "inner"} on ${keys}` : "";
  },
  deduplicate: (c) => list(c.keys).map(text).join(", "),
  transform: (c) => (typeof c.code === "object" ? Object.keys(record(c.code)).join(", ") : firstLine(c.code)),
  set_variables: (c) => Object.keys(record(c.values)).join(", "),
  http_request: (c) => (c.url ? `${text(c.method) || "GET"} ${text(c.url).replace(/^https?:\/\//, "")}` : ""),
  delay: (c) => (c.delayMs != null ? `${text(c.delayMs)} ms` : ""),
  loop: (c) => {
    if (c.loopType === "times") return `${bare(c.iterations)} times`;
    if (c.loopType === "while" || c.loopType === "doWhile") return `while ${bare(c.condition)}`;
    return c.items ? `each ${text(c.itemVariable) || "item"} of ${bare(c.items)}` : "";
  },
  return: (c) => bare(c.value),
  prompt: (c) => firstLine(c.promptTemplate),
  subflow: (c) => text(c.functionName),
  retry: (c) => `up to ${text(c.maxAttempts ?? 3)} times`,
  timeout: (c) => (c.timeoutMs != null ? `after ${text(c.timeoutMs)} ms` : ""),
  checkpoint: (c) => text(c.checkpointId),
  wait: (c) => text(c.eventType) || text(c.expression) || (c.timerMs != null ? `${text(c.timerMs)} ms` : ""),
};

function conditions(value: Json | undefined, joiner: string): string {
  return list(value)
    .map((item) => {
      const c = record(item);
      const operator = text(c.operator);
      const right = c.right ?? c.value;
      return [bare(c.left ?? c.field), OPERATORS[operator] ?? operator, right == null ? "" : bare(right)].filter(Boolean).join(" ");
    })
    .join(` ${joiner} `);
}

function firstLine(value: Json | undefined): string {
  return text(value).split("\n").find((line) => line.trim() && !line.trim().startsWith("#")) ?? "";
}

/** An expression without its braces, as a person would say it. */
function bare(value: Json | undefined): string {
  const whole = text(value).trim();
  const inner = /^\{\{\s*([\s\S]*?)\s*\}\}$/.exec(whole);
  return inner ? inner[1]! : whole;
}

function text(value: Json | undefined): string {
  if (value == null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : value == null || value === "" ? [] : [value];
}

function record(value: Json | undefined): Config {
  return value && typeof value === "object" && !Array.isArray(value) ? value : {};
}
