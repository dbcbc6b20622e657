/** New values for a schema, and which of several schemas a value has. */

import { fieldsOf, shapeOf } from "./schema";
import type { JsonSchema } from "./types";

const isObject = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === "object" && !Array.isArray(value);

/** A new, empty value for a list row or a required object. */
export function blank(schema: JsonSchema, root: JsonSchema, depth = 0): unknown {
  const shape = shapeOf(schema, root);
  if (shape.hasDefault) return structuredClone(shape.default);
  if (depth > 4) return null;
  switch (shape.widget.kind) {
    case "select":
      return shape.widget.options[0]?.value ?? null;
    case "toggle":
      return false;
    case "number":
      return shape.widget.min ?? 0;
    case "list":
    case "conditions":
      return [];
    case "object":
    case "group":
      return blankObject(shape.schema, root, depth);
    case "choice":
      return blank(shape.widget.choices[0]!.schema, root, depth + 1);
    case "map":
      return {};
    default:
      return "";
  }
}

function blankObject(schema: JsonSchema, root: JsonSchema, depth: number): Record<string, unknown> {
  const entries = fieldsOf(schema, root)
    .filter((field) => field.required)
    .map((field) => [field.name, blank(field.schema, root, depth + 1)] as const);
  return Object.fromEntries(entries);
}

/** Which of several object shapes a value is: by its constants first, then by its keys. */
export function choiceIndex(choices: readonly { schema: JsonSchema }[], value: unknown, root: JsonSchema): number {
  if (!isObject(value)) return 0;
  const scores = choices.map(({ schema }) => {
    const fields = fieldsOf(schema, root);
    const fixed = fields.filter((field) => "const" in field.schema);
    if (fixed.some((field) => field.name in value && value[field.name] !== field.schema.const)) return -1;
    const known = new Set(fields.map((field) => field.name));
    return fixed.length * 10 + Object.keys(value).filter((key) => known.has(key)).length;
  });
  return Math.max(0, scores.indexOf(Math.max(...scores)));
}
