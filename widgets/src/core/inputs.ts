/** What a run of a function takes: by its start block's schema, else by what its expressions name. Pure. */

import { handleOf } from "./flow";
import { expressionRanges } from "./inspector/completions";
import type { Block, ConfigSchema, Flow, Json } from "./wire";

/** The form of a function's inputs; `loose` when it was read off the expressions, so that other names may be needed too. */
export interface InputsForm {
  schema: ConfigSchema;
  loose: boolean;
}

/** Null: the function takes nothing, as far as can be seen. */
export function inputsOfFlow(flow: Flow): InputsForm | null {
  const start = flow.blocks.find((block) => block.type === "start" && !block.disabled);
  if (!start) return null;
  const given = start.config.inputSchema;
  if (isObject(given) && isObject(given.properties) && Object.keys(given.properties).length) {
    return { schema: given as ConfigSchema, loose: false };
  }
  const names = namedInputs(flow, start);
  if (!names.length) return isObject(given) && Object.keys(given).length ? { schema: { type: "object", properties: {} }, loose: true } : null;
  return { schema: { type: "object", properties: Object.fromEntries(names.map((name) => [name, { title: name }])) }, loose: true };
}

/** The fields that expressions take of the start block's value: `start.x` anywhere, `input.x` right behind it. */
export function namedInputs(flow: Flow, start: Block): string[] {
  const behind = new Set(flow.edges.filter((edge) => edge.source === start.id).map((edge) => edge.target));
  const handle = handleOf(start.name);
  const names = new Set<string>();
  for (const block of flow.blocks) {
    const roots = behind.has(block.id) ? `(?:${handle}|input)` : handle;
    const named = new RegExp(`(?<![\\w.])${roots}\\.([A-Za-z_]\\w*)(?!\\w*\\()`, "g");
    for (const text of expressionsIn(block.config)) for (const found of text.matchAll(named)) names.add(found[1]!);
  }
  return [...names];
}

/** Every text of a config that may be an expression: what stands in braces, and whole texts of fields without any. */
function expressionsIn(value: Json): string[] {
  if (typeof value === "string") {
    const ranges = expressionRanges(value);
    return ranges.length ? ranges.map(({ from, to }) => value.slice(from, to)) : [value];
  }
  if (Array.isArray(value)) return value.flatMap(expressionsIn);
  return isObject(value) ? Object.values(value).flatMap(expressionsIn) : [];
}

/** What the form begins with: the last inputs that still have a field, else the schema's defaults. */
export function firstInputs(form: InputsForm, last: Record<string, Json> | null): Record<string, Json> {
  const properties = form.schema.properties ?? {};
  const defaults = Object.entries(properties).flatMap(([name, field]) => (field.default === undefined ? [] : [[name, field.default] as const]));
  const kept = Object.entries(last ?? {}).filter(([name]) => form.loose || name in properties);
  return { ...Object.fromEntries(defaults), ...Object.fromEntries(kept) };
}

/** The needed fields that have no value. */
export function missingInputs(form: InputsForm, inputs: Record<string, Json>): string[] {
  return (form.schema.required ?? []).filter((name) => inputs[name] === undefined || inputs[name] === "");
}

function isObject(value: unknown): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
