import { describe, expect, it } from "vitest";
import { block, flow } from "./fixtures";
import { firstInputs, inputsOfFlow, missingInputs } from "./inputs";

const start = (config = {}) => block("start", "start", { config });
const schema = { type: "object", properties: { limit: { type: "integer", default: 3 }, city: { type: "string" } }, required: ["city"] };

describe("the inputs of a function", () => {
  it("are what the start block's schema says", () => {
    const form = inputsOfFlow(flow([start({ inputSchema: schema })]))!;
    expect(form).toEqual({ schema, loose: false });
    expect(firstInputs(form, null)).toEqual({ limit: 3 });
    expect(firstInputs(form, { limit: 9, gone: 1 })).toEqual({ limit: 9 });
    expect(missingInputs(form, { limit: 9 })).toEqual(["city"]);
  });
  it("are else what expressions name", () => {
    const a = block("a", "step", { config: { text: "from {{ start.city }} at {{ input.hour + 1 }}, not start.plain" } });
    const b = block("b", "step", { config: { expression: "start.day > 1 and input.ignored and restart.no" } });
    const form = inputsOfFlow(flow([start(), a, b], "start>a", "a>b"))!;
    expect(Object.keys(form.schema.properties!)).toEqual(["city", "hour", "day"]);
    expect(firstInputs(form, { other: 1 })).toEqual({ other: 1 });
  });
  it("are none where nothing is named, or nothing starts by hand", () => {
    expect(inputsOfFlow(flow([start(), block("a")], "start>a"))).toBeNull();
    expect(inputsOfFlow(flow([block("a")]))).toBeNull();
  });
});
