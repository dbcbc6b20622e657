/** Reads a JSON Schema as pydantic writes it, and says which form field draws each part. */

import type { ExpressionMode, JsonSchema } from "./types";

export interface Option {
  value: unknown;
  label: string;
}

export type Widget =
  | { kind: "text"; multiline: boolean }
  | { kind: "number"; integer: boolean; min: number | null; max: number | null; unit: string }
  | { kind: "select"; options: Option[] }
  | { kind: "toggle" }
  | { kind: "function" }
  | { kind: "code"; language: string; languageFrom: string | null }
  | { kind: "list"; item: JsonSchema }
  | { kind: "conditions"; item: JsonSchema }
  | { kind: "object" }
  | { kind: "group"; leaf: JsonSchema }
  | { kind: "map"; value: JsonSchema }
  | { kind: "choice"; choices: { label: string; schema: JsonSchema }[] }
  | { kind: "any" };

/** One part of a config: what it is called and what draws it. */
export interface Shape {
  schema: JsonSchema;
  title: string;
  description: string;
  nullable: boolean;
  hasDefault: boolean;
  default: unknown;
  mode: ExpressionMode | null;
  widget: Widget;
}

export interface Field extends Shape {
  name: string;
  required: boolean;
  order: number;
  /** Shown only while another field of the same object has one of these values (`x-when`). */
  when: { field: string; values: unknown[] } | null;
  advanced: boolean | null;
}

type Any = Record<string, unknown>;
const isObject = (value: unknown): value is Any => value !== null && typeof value === "object" && !Array.isArray(value);
const list = (value: unknown): JsonSchema[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** Follows `$ref` and a lone `allOf`; what stands beside the reference wins, and a model's own title is not the field's. */
export function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let here = schema;
  for (let depth = 0; depth < 20; depth++) {
    const { $ref, allOf, ...beside } = here;
    const all = list(allOf);
    let target: unknown = null;
    if (typeof $ref === "string") {
      target = $ref.startsWith("#/")
        ? $ref
            .slice(2)
            .split("/")
            .reduce<unknown>((at, key) => (isObject(at) ? at[key.replace(/~1/g, "/").replace(/~0/g, "~")] : null), root)
        : null;
    } else if (all.length === 1) target = all[0];
    if (!isObject(target)) return here;
    const { title: _title, ...rest } = target;
    here = { ...rest, ...beside };
  }
  return here;
}

/** The schema without its null alternative, and whether it had one. */
function withoutNull(schema: JsonSchema, root: JsonSchema): { schema: JsonSchema; nullable: boolean } {
  const { anyOf, oneOf, ...rest } = schema;
  const options = list(anyOf ?? oneOf);
  if (Array.isArray(schema.type) && schema.type.includes("null")) {
    const types = schema.type.filter((t) => t !== "null");
    return { schema: { ...schema, type: types.length === 1 ? types[0] : types }, nullable: true };
  }
  if (!options.length) return { schema, nullable: false };
  const kept = options.filter((option) => option.type !== "null");
  const nullable = kept.length < options.length;
  if (kept.length !== 1) return { schema: { ...rest, anyOf: kept }, nullable };
  const only = resolve(kept[0]!, root);
  const { title: _title, ...inner } = only;
  return { schema: { ...inner, ...rest }, nullable };
}

const UNITS: [RegExp, string][] = [
  [/Ms$/, "ms"],
  [/Mb$/, "MB"],
  [/Bytes$/, "bytes"],
  [/Minutes$/, "min"],
  [/Seconds$/, "s"],
];

/** `retryDelayMs` → `Retry delay` (the unit stands in the field). */
export function humanName(name: string): string {
  let bare = name;
  for (const [suffix] of UNITS) if (suffix.test(name) && name.replace(suffix, "")) bare = name.replace(suffix, "");
  const words = bare
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/[_-]+/g, " ")
    .trim();
  const text = words.toLowerCase().replace(/\b(url|id|json|sql|http|csv|ttl)\b/g, (word) => word.toUpperCase());
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function titleOf(schema: JsonSchema, name: string): string {
  const title = typeof schema.title === "string" ? schema.title : "";
  const flat = (text: string) => text.replace(/[\s_-]/g, "").toLowerCase();
  if (!title || flat(title) === flat(name)) return humanName(name);
  // "Time limit (ms)": the unit stands in the field.
  const unit = UNITS.find(([suffix]) => suffix.test(name))?.[1];
  return unit ? title.replace(new RegExp(`\\s*\\(${unit}\\)$`), "") : title;
}

export function optionLabel(value: unknown): string {
  if (value === null) return "none";
  if (typeof value !== "string") return JSON.stringify(value);
  return /^[a-z]+(_[a-z]+)+$/.test(value)
    ? value.replace(/_/g, " ")
    : value.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
}

function optionsOf(schema: JsonSchema, root: JsonSchema): Option[] | null {
  const labels = isObject(schema["x-labels"]) ? schema["x-labels"] : {};
  const option = (value: unknown): Option => ({ value, label: String(labels[String(value)] ?? optionLabel(value)) });
  if ("const" in schema) return [option(schema.const)];
  if (Array.isArray(schema.enum)) return schema.enum.map(option);
  const alternatives = list(schema.anyOf).map((part) => resolve(part, root));
  if (alternatives.length > 1 && alternatives.every((part) => "const" in part || Array.isArray(part.enum))) {
    return alternatives.flatMap((part) => ("const" in part ? [part.const] : (part.enum as unknown[]))).map(option);
  }
  return null;
}

function conditionLike(item: JsonSchema, root: JsonSchema): boolean {
  const properties = resolve(item, root).properties;
  if (!isObject(properties) || !("operator" in properties)) return false;
  return "left" in properties || "field" in properties;
}

/** The comparison's schema when these are the properties of a group of conditions that may hold groups; else null. */
function groupLeaf(properties: Any, root: JsonSchema): JsonSchema | null {
  const { conditions } = properties;
  if (!isObject(conditions) || !("logical" in properties) || !isObject(conditions.items)) return null;
  const kinds = list(conditions.items.oneOf ?? conditions.items.anyOf);
  return kinds.find((kind) => conditionLike(kind, root)) ?? null;
}

const number = (value: unknown): number | null => (typeof value === "number" ? value : null);

function widgetOf(schema: JsonSchema, root: JsonSchema, name: string): Widget {
  if (schema["x-reference"] === "function") return { kind: "function" };
  const code = schema["x-code"];
  const from = schema["x-codeFrom"];
  if (typeof code === "string" || typeof from === "string") {
    return { kind: "code", language: typeof code === "string" ? code : "expression", languageFrom: typeof from === "string" ? from : null };
  }
  const options = optionsOf(schema, root);
  if (options) return { kind: "select", options };
  const alternatives = list(schema.anyOf);
  if (alternatives.length > 1) return choiceOf(schema, alternatives, root, name);
  switch (schema.type) {
    case "boolean":
      return { kind: "toggle" };
    case "integer":
    case "number":
      return numberOf(schema, name);
    case "string":
      return { kind: "text", multiline: /^(description|body|text|notes?|promptTemplate|systemPrompt)$/.test(name) };
    case "array": {
      const item = isObject(schema.items) ? schema.items : null;
      if (!item) return { kind: "any" };
      return { kind: conditionLike(item, root) ? "conditions" : "list", item };
    }
    case "object":
      if (isObject(schema.properties) && Object.keys(schema.properties).length) {
        const leaf = groupLeaf(schema.properties, root);
        return leaf ? { kind: "group", leaf } : { kind: "object" };
      }
      return { kind: "map", value: isObject(schema.additionalProperties) ? schema.additionalProperties : {} };
    default:
      return { kind: "any" };
  }
}

function choiceOf(schema: JsonSchema, alternatives: JsonSchema[], root: JsonSchema, name: string): Widget {
  const parts = alternatives.map((part) => resolve(part, root));
  const types = parts.map((part) => part.type);
  // "a number or text" is a number field that lets text through; expressions make pydantic write such pairs.
  if (types.every((type) => type === "integer" || type === "number" || type === "string") && !types.every((type) => type === "string")) {
    return numberOf(parts.find((part) => part.type !== "string") ?? schema, name);
  }
  if (types.every((type) => type === "string")) return { kind: "text", multiline: false };
  const objects = parts.every((part) => part.type === "object" && isObject(part.properties));
  if (!objects) return { kind: "any" };
  const label = (part: JsonSchema, original: JsonSchema) => {
    const ref = typeof original.$ref === "string" ? original.$ref.split("/").pop() : undefined;
    return humanName(String(original.title ?? ref ?? part.title ?? "object"));
  };
  return { kind: "choice", choices: parts.map((part, index) => ({ label: label(part, alternatives[index]!), schema: part })) };
}

function numberOf(schema: JsonSchema, name: string): Widget {
  const unit = typeof schema["x-unit"] === "string" ? schema["x-unit"] : (UNITS.find(([suffix]) => suffix.test(name))?.[1] ?? "");
  return {
    kind: "number",
    integer: schema.type === "integer",
    min: number(schema.minimum) ?? number(schema.exclusiveMinimum),
    max: number(schema.maximum) ?? number(schema.exclusiveMaximum),
    unit,
  };
}

/** What draws this schema. `name` is the field's name on the wire. */
export function shapeOf(schema: JsonSchema, root: JsonSchema, name = ""): Shape {
  const outer = resolve(schema, root);
  const { schema: inner, nullable } = withoutNull(outer, root);
  const mode = inner["x-expression"];
  return {
    schema: inner,
    title: titleOf(inner, name),
    description: typeof inner.description === "string" ? inner.description : "",
    nullable,
    hasDefault: "default" in inner,
    default: inner.default,
    mode: mode === "template" || mode === "expression" || mode === "deferred" ? mode : null,
    widget: widgetOf(inner, root, name),
  };
}

/** The fields of an object schema, in `x-order`, then as the model lists them. */
export function fieldsOf(schema: JsonSchema, root: JsonSchema): Field[] {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const fields = Object.entries(properties).map(([name, part], index): Field => {
    const shape = shapeOf(isObject(part) ? part : {}, root, name);
    const order = shape.schema["x-order"];
    const advanced = shape.schema["x-advanced"];
    return {
      ...shape,
      name,
      required: required.has(name),
      order: typeof order === "number" ? order : 1000 + index,
      when: whenOf(shape.schema["x-when"]),
      advanced: typeof advanced === "boolean" ? advanced : null,
    };
  });
  for (const field of fields) field.when ??= chosenBy(field, fields);
  return fields.sort((a, b) => a.order - b.order);
}

/** A choice among names of fields beside it (`mode: simple | visual | expression`) says which of them has a say. */
function chosenBy(field: Field, fields: readonly Field[]): Field["when"] {
  const names = new Set(fields.map((other) => other.name));
  const chooser = fields.find(
    ({ widget }) =>
      widget.kind === "select" &&
      widget.options.some((option) => option.value === field.name) &&
      widget.options.every((option) => names.has(String(option.value))),
  );
  return chooser ? { field: chooser.name, values: [field.name] } : null;
}

function whenOf(value: unknown): Field["when"] {
  if (!isObject(value)) return null;
  const [field] = Object.keys(value);
  if (!field) return null;
  const values = value[field];
  return { field, values: Array.isArray(values) ? values : [values] };
}

/** Whether a field has a say at all, given its neighbours. */
export function applies(field: Field, config: Record<string, unknown>, fields: readonly Field[]): boolean {
  const { when } = field;
  if (!when) return true;
  const other = fields.find((candidate) => candidate.name === when.field);
  const value = when.field in config ? config[when.field] : other?.default;
  return when.values.includes(value);
}

/** So few fields need no folding. */
const FEW = 3;

/** Whether a field stands at the top of the form; the others are folded under "More". */
export function isPrimary(field: Field, config: Record<string, unknown>, fields: readonly Field[]): boolean {
  if (!applies(field, config, fields)) return false;
  if (field.advanced !== null) return !field.advanced || field.name in config;
  if (field.required || !field.hasDefault || field.name in config || fields.length <= FEW) return true;
  if (field.mode !== null || field.when !== null) return true;
  const { kind } = field.widget;
  return kind === "code" || kind === "conditions" || (kind === "select" && field.order <= 2);
}
