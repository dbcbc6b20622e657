import { describe, expect, it } from "vitest";
import { bars, cellText, chip, clockTime, csvCell, duration, isNumeric, pageText, shortType, toCsv } from "./format";
import { goesToCanvas, tabKey } from "./keys";
import { formatLiteral, hasExpression, kindOf, parseLiteral, parseNumber } from "./literal";
import { countLevels, filterLogs } from "./logs";
import { formatPath, getAt, isUnder, moved, parsePath, setAt } from "./paths";
import { countText, problemsAt, problemsElsewhere, problemsUnder, ranked } from "./problems";
import type { LogEntry, Problem } from "./types";
import { effectInWords, operatorInWords, stateInWords, takesNoValue } from "./words";

describe("one box for any value", () => {
  it.each([
    5,
    -1.5,
    0,
    true,
    false,
    null,
    "text",
    "5",
    "true",
    '"quoted"',
    "",
    "{{ a.b }}",
    "{ not json",
    [1, "a"],
    { a: [null] },
    "[1]",
    "{}",
    "12345678901234567890",
    "007",
    " 5 ",
  ])("reads %j back from how it writes it", (value) => {
    expect(parseLiteral(formatLiteral(value))).toEqual(value);
  });

  it("leaves a number that would be rounded as it was typed", () => {
    expect(parseLiteral("12345678901234567890")).toBe("12345678901234567890");
  });

  it("tells expressions from escaped braces", () => {
    expect([hasExpression("{{ a }}"), hasExpression("x {{ a"), hasExpression("\\{{ a }}"), hasExpression(5)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("reads numbers, keeps other text, and takes emptiness as not set", () => {
    expect([
      parseNumber("10"),
      parseNumber("1_000"),
      parseNumber("-1.5e3"),
      parseNumber("{{ a }}"),
      parseNumber("ten"),
      parseNumber("  "),
    ]).toEqual([10, 1000, -1500, "{{ a }}", "ten", undefined]);
  });

  it("says what a value is", () => {
    expect([kindOf([1]), kindOf({}), kindOf(null), kindOf("{{ a }}"), kindOf(2)]).toEqual([
      "list of 1",
      "object",
      "null",
      "expression",
      "number",
    ]);
  });
});

describe("field paths", () => {
  it.each(["conditions[0].field", "a", 'headers["X-Id: 1"].b', "headers.X-Id", "a[1][2].c"])("writes %s as it reads it", (path) => {
    expect(formatPath(parsePath(path))).toBe(path);
  });

  it("sets deep inside without touching the rest, and takes keys away", () => {
    const config = { list: [{ a: 1, keep: true }], other: {} };
    const next = setAt(config, ["list", 0, "a"], 2) as typeof config;
    expect(next).toEqual({ list: [{ a: 2, keep: true }], other: {} });
    expect(next.other).toBe(config.other);
    expect(setAt(config, ["list", 0], undefined)).toEqual({ list: [], other: {} });
    expect(setAt(undefined, ["a", 0, "b"], 1)).toEqual({ a: [{ b: 1 }] });
    expect(getAt(config, ["list", 3, "a"])).toBeUndefined();
    expect(isUnder(["a", 0], ["a"])).toBe(true);
  });

  it("moves rows", () => {
    expect(moved([1, 2, 3], 0, 2)).toEqual([2, 3, 1]);
    expect(moved(["", undefined, "b"], 1, 0)).toEqual([undefined, "", "b"]);
  });
});

describe("problems", () => {
  const problem = (field: string | null, severity: Problem["severity"] = "error"): Problem => ({ severity, message: "m", field });

  it("belong to the field they name, with or without config in front", () => {
    const all = [problem("config.list[0].a"), problem("list"), problem("name"), problem(null)];
    expect(problemsAt(all, ["list"])).toHaveLength(1);
    expect(problemsUnder(all, ["list"])).toHaveLength(2);
    expect(problemsElsewhere(all, new Set(["list"]))).toHaveLength(2);
  });

  it("come worst first, and are counted", () => {
    const all = [problem("a", "warning"), problem("b")];
    expect(ranked(all).map((p) => p.severity)).toEqual(["error", "warning"]);
    expect([countText(all), countText([])]).toEqual(["1 error, 1 warning", "No problems"]);
  });
});

describe("texts of values", () => {
  it("says times in words of their size", () => {
    expect([0, 0.4, 3, 1234, 12_000, 125_000, 11_040_000, 90_000_000, -1].map((ms) => duration(ms).replaceAll("\u202f", " "))).toEqual([
      "0 ms",
      "<1 ms",
      "3 ms",
      "1.2 s",
      "12 s",
      "2 min 5 s",
      "3 h 4 min",
      "1 d 1 h",
      "–",
    ]);
    expect(clockTime("not a time")).toBe("not a time");
  });

  it("shortens types and knows numbers", () => {
    expect(["Int64", "Float32", "UInt8", "String", "Datetime(time_unit='us')", "List(Int64)", "Odd"].map(shortType)).toEqual([
      "int64",
      "float32",
      "uint8",
      "text",
      "datetime",
      "list",
      "odd",
    ]);
    expect([isNumeric("Int64"), isNumeric("Decimal(10,2)"), isNumeric("Interval"), isNumeric("String")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("writes cells, CSV and chips", () => {
    expect([cellText(0.1 + 0.2), cellText(1e-9), cellText("2013-01-01T05:00:00"), cellText({ a: 1 })]).toEqual([
      "0.3",
      "1.000e-9",
      "2013-01-01 05:00:00",
      '{"a":1}',
    ]);
    expect(csvCell('say "hi", now')).toBe('"say ""hi"", now"');
    const table = {
      type: "table" as const,
      rows: 336776,
      columns: [
        { name: "a", type: "Int64" },
        { name: "b,c", type: "String" },
      ],
      data: [{ a: 1, "b,c": null }],
    };
    expect(toCsv(table)).toBe('a,"b,c"\r\n1,\r\n');
    expect([
      chip(table),
      chip({ type: "value", value: "ok" }),
      chip({ type: "value", value: [1] }),
      chip({ type: "none", reason: "notRun" }),
    ]).toEqual(["336,776 × 2", '"ok"', "list of 1", "–"]);
    expect([pageText(0, 50, 336776), pageText(0, 0, 0)]).toEqual(["1–50 of 336,776", "no rows"]);
  });

  it("scales a histogram to its fullest bin and shows the smallest one", () => {
    const shapes = bars([0, 1, 1000], 30, 10);
    expect(shapes.map((bar) => bar.h)).toEqual([0, 1, 10]);
    expect(bars([], 30, 10)).toEqual([]);
    expect(bars([0, 0], 30, 10)).toEqual([]);
  });
});

describe("logs, keys and words", () => {
  const entry = (level: LogEntry["level"], message: string): LogEntry => ({ at: "", level, message, path: "loop[3]/fetch" });

  it("filters logs by level and text in message or path", () => {
    const all = [entry("debug", "a"), entry("warning", "b"), entry("error", "c")];
    expect(filterLogs(all, "warning").map((e) => e.message)).toEqual(["b", "c"]);
    expect(filterLogs(all, "debug", "LOOP[3]")).toHaveLength(3);
    expect(filterLogs(all, "debug", "zzz")).toHaveLength(0);
    expect(countLevels(all)).toEqual({ debug: 1, info: 0, warning: 1, error: 1 });
  });

  it("lets run and debug keys through to the canvas and keeps typing", () => {
    const key = (name: string, ctrlKey = false) => ({ key: name, ctrlKey, metaKey: false, altKey: false, shiftKey: false });
    expect([
      goesToCanvas(key("F9")),
      goesToCanvas(key("Enter", true)),
      goesToCanvas(key("Enter")),
      goesToCanvas(key("z", true)),
      goesToCanvas(key("Delete")),
    ]).toEqual([true, true, false, false, false]);
    expect([tabKey("ArrowRight", 4, 5), tabKey("ArrowLeft", 0, 5), tabKey("End", 0, 5), tabKey("a", 0, 5)]).toEqual([0, 4, 4, null]);
  });

  it("has a sign and a word for every state, and bears unknown ones", () => {
    expect(stateInWords("completed")).toMatchObject({ sign: "✓", text: "done" });
    expect(stateInWords("new_state")).toMatchObject({ text: "new_state", tone: "quiet" });
    expect([effectInWords("pure").label, effectInWords("effect").label]).toEqual(["Pure", "Touches the world"]);
    expect([operatorInWords("gte"), operatorInWords("sounds_like")]).toEqual(["≥", "sounds like"]);
    expect([takesNoValue("is_null"), takesNoValue("equals"), takesNoValue(undefined)]).toEqual([true, false, false]);
  });
});
