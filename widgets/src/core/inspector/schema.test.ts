import { describe, expect, it } from "vitest";
import { blank, choiceIndex } from "./blank";
import { applies, fieldsOf, humanName, isPrimary, optionLabel, resolve, shapeOf } from "./schema";
import type { JsonSchema } from "./types";

const root: JsonSchema = {
  $defs: {
    Comparison: {
      type: "object",
      title: "Comparison",
      properties: {
        left: { "x-expression": "template" },
        operator: { enum: ["equals", "gte"], type: "string" },
        right: { default: null, "x-expression": "template" },
      },
      required: ["left", "operator"],
    },
    Group: {
      type: "object",
      title: "Group",
      properties: {
        logical: { default: "and", enum: ["and", "or"] },
        conditions: { type: "array", items: { oneOf: [{ $ref: "#/$defs/Group" }, { $ref: "#/$defs/Comparison" }] } },
      },
      required: ["conditions"],
    },
    Interval: {
      type: "object",
      title: "Interval",
      properties: { kind: { const: "interval" }, value: { type: "integer", minimum: 1 } },
      required: ["kind", "value"],
    },
    Cron: { type: "object", title: "Cron", properties: { kind: { const: "cron" }, text: { type: "string" } }, required: ["kind", "text"] },
  },
  properties: {
    code: { type: "string", "x-codeFrom": "language", "x-order": 2 },
    language: { enum: ["sql", "python"], default: "sql", "x-order": 1 },
    timeoutMs: { anyOf: [{ type: "integer", minimum: 100, maximum: 9000 }, { type: "null" }], default: null, title: "Time limit (ms)" },
    retryDelayMs: { type: "integer", title: "Retrydelayms", default: 5 },
    conditions: { type: "array", items: { $ref: "#/$defs/Comparison" }, default: [] },
    visual: { anyOf: [{ $ref: "#/$defs/Group" }, { type: "null" }], default: null },
    headers: { type: "object", additionalProperties: { type: "string" }, default: {} },
    trigger: { anyOf: [{ $ref: "#/$defs/Interval" }, { $ref: "#/$defs/Cron" }] },
    inner: { $ref: "#/$defs/Interval", description: "beside the reference" },
    anything: { default: 1 },
    old: { type: "string", default: "", "x-when": { language: "python" } },
  },
  required: ["code", "trigger"],
};
const fields = fieldsOf(root, root);
const field = (name: string) => fields.find((candidate) => candidate.name === name)!;

describe("a form read from a JSON Schema", () => {
  it("puts fields in x-order, then as the model lists them", () => {
    expect(fields.slice(0, 3).map((f) => f.name)).toEqual(["language", "code", "timeoutMs"]);
  });

  it("draws each kind of schema with its own widget", () => {
    const kinds = Object.fromEntries(fields.map((f) => [f.name, f.widget.kind]));
    expect(kinds).toMatchObject({
      code: "code",
      language: "select",
      timeoutMs: "number",
      conditions: "conditions",
      visual: "group",
      headers: "map",
      trigger: "choice",
      inner: "object",
      anything: "any",
      old: "text",
    });
  });

  it("sees through anyOf with null and keeps what the alternative says", () => {
    expect(field("timeoutMs")).toMatchObject({
      nullable: true,
      hasDefault: true,
      default: null,
      title: "Time limit",
      widget: { min: 100, max: 9000, unit: "ms", integer: true },
    });
  });

  it("follows references, keeps what stands beside them, and drops the model's own title", () => {
    expect(field("inner")).toMatchObject({ title: "Inner", description: "beside the reference" });
    expect(resolve({ $ref: "#/nowhere" }, root)).toEqual({ $ref: "#/nowhere" });
  });

  it("bears a reference that goes in a circle", () => {
    const circle = { $defs: { A: { $ref: "#/$defs/A" } } };
    expect(resolve({ $ref: "#/$defs/A" }, circle)).toEqual({ $ref: "#/$defs/A" });
  });

  it("writes names for people, with the unit left to the field", () => {
    expect(field("retryDelayMs").title).toBe("Retry delay");
    expect([humanName("itemVariable"), humanName("url"), humanName("cronExpression"), humanName("Ms")]).toEqual([
      "Item variable",
      "URL",
      "Cron expression",
      "Ms",
    ]);
    expect([optionLabel("not_equals"), optionLabel("forEach"), optionLabel("GET"), optionLabel(null), optionLabel(3)]).toEqual([
      "not equals",
      "for each",
      "GET",
      "none",
      "3",
    ]);
  });

  it("knows which language a code field has from the field beside it", () => {
    expect(field("code").widget).toMatchObject({ languageFrom: "language" });
  });

  it("folds fields that have a default and are not set, and shows those that are", () => {
    expect(isPrimary(field("retryDelayMs"), {}, fields)).toBe(false);
    expect(isPrimary(field("retryDelayMs"), { retryDelayMs: 9 }, fields)).toBe(true);
    expect(isPrimary(field("code"), {}, fields)).toBe(true);
  });

  it("lets x-when and choices among names say which fields apply", () => {
    expect(applies(field("old"), {}, fields)).toBe(false);
    expect(applies(field("old"), { language: "python" }, fields)).toBe(true);
    const modes = {
      properties: { mode: { enum: ["simple", "other"], default: "simple" }, simple: { type: "string" }, other: { type: "string" } },
    };
    const [, simple, other] = fieldsOf(modes, modes);
    expect([applies(simple!, {}, fieldsOf(modes, modes)), applies(other!, {}, fieldsOf(modes, modes))]).toEqual([true, false]);
  });

  it("makes blank rows with what is required and nothing else", () => {
    expect(blank({ $ref: "#/$defs/Comparison" }, root)).toEqual({ left: "", operator: "equals" });
    expect(blank({ $ref: "#/$defs/Group" }, root)).toEqual({ conditions: [] });
    expect(blank({ $ref: "#/$defs/Interval" }, root)).toEqual({ kind: "interval", value: 1 });
  });

  it("finds which of several shapes a value has", () => {
    const { widget } = field("trigger");
    if (widget.kind !== "choice") throw new Error("not a choice");
    expect(widget.choices.map((choice) => choice.label)).toEqual(["Interval", "Cron"]);
    expect(choiceIndex(widget.choices, { kind: "cron", text: "x" }, root)).toBe(1);
    expect(choiceIndex(widget.choices, { text: "x" }, root)).toBe(1);
    expect(choiceIndex(widget.choices, null, root)).toBe(0);
  });

  it("takes a number that may be text as a number field", () => {
    expect(shapeOf({ anyOf: [{ type: "integer", minimum: 0 }, { type: "string" }] }, {}, "delayMs").widget).toMatchObject({
      kind: "number",
      min: 0,
      unit: "ms",
    });
  });

  it("bears a schema that says nothing", () => {
    expect(fieldsOf({}, {})).toEqual([]);
    expect(shapeOf({}, {}).widget.kind).toBe("any");
  });
});
