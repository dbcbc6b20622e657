import { describe, expect, it } from "vitest";
import { copyText, pasteCommands, readClip } from "./clipboard";
import { applyAll } from "./commands";
import { describe as describeBlock } from "./describe";
import { block, flow, TYPES } from "./fixtures";
import { chipText, formatMs, resultText } from "./format";
import { actionOf, belongsToLab, keysOf, readable } from "./keymap";
import { renameBlock, renameInExpression, renameInTemplate } from "./rename";
import { search } from "./search";
import { usableExamples, EXAMPLES } from "./examples";

const renamed = new Map([["old", "fresh"]]);

describe("renaming a handle", () => {
  it("touches the bare name only, not fields, quotes or longer names", () => {
    expect(renameInExpression("old.old + older + 'old' + f(old)", renamed)).toBe("fresh.old + older + 'old' + f(fresh)");
  });
  it("touches templates inside their braces only", () => {
    expect(renameInTemplate("old {{ old.x }} \\{{ old }} {{ 'old' }}", renamed)).toBe("old {{ fresh.x }} \\{{ old }} {{ 'old' }}");
  });
  it("rewrites every block that uses it, in one step", () => {
    const f = flow([block("a", "step", { name: "old" }), block("b", "step", { config: { expression: "old > 1", text: "see {{ old }}", list: [{ deep: "{{ old.y }}" }] } })]);
    const after = applyAll(f, renameBlock(f, TYPES, "a", "fresh"));
    expect(after.blocks[0]!.name).toBe("fresh");
    expect(after.blocks[1]!.config).toEqual({ expression: "fresh > 1", text: "see {{ fresh }}", list: [{ deep: "{{ fresh.y }}" }] });
  });
  it("changes nothing else when the handle stays", () => {
    const f = flow([block("a", "step", { name: "my step" }), block("b", "step", { config: { text: "{{ my_step }}" } })]);
    expect(renameBlock(f, TYPES, "a", "my-step")).toHaveLength(1);
  });
});

describe("copy and paste", () => {
  const f = flow([block("a", "step", { name: "first" }), block("b", "step", { name: "second", config: { text: "{{ first }} {{ other }}" } }), block("c")], "a>b", "b>c");
  it("gives fresh ids and names, inner edges, and expressions that follow", () => {
    const clip = readClip(copyText(f, new Set(["a", "b"])))!;
    const { commands, blockIds } = pasteCommands(f, TYPES, clip, { x: 10, y: 20 });
    const after = applyAll(f, commands);
    expect(blockIds).toHaveLength(2);
    expect(after.blocks).toHaveLength(5);
    expect(after.edges).toHaveLength(3);
    expect(after.blocks[3]).toMatchObject({ name: "first 2", position: { x: 10, y: 20 } });
    expect(after.blocks[4]!.config).toEqual({ text: "{{ first_2 }} {{ other }}" });
    expect(new Set(after.blocks.map((b) => b.id)).size).toBe(5);
  });
  it("takes only what it copied itself", () => {
    expect(readClip("hello")).toBeNull();
    expect(readClip('{"workbench":"blocks","blocks":[{}],"edges":[]}')).toBeNull();
    expect(readClip("null")).toBeNull();
  });
});

describe("keys", () => {
  const press = (key: string, more = {}) => ({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more });
  it("mean actions, with Ctrl or ⌘ alike", () => {
    expect(actionOf(press("/"))).toBe("add");
    expect(actionOf(press("?", { shiftKey: true }))).toBe("help");
    expect(actionOf(press("z", { ctrlKey: true }))).toBe("undo");
    expect(actionOf(press("Z", { metaKey: true, shiftKey: true }))).toBe("redo");
    expect(actionOf(press("F11", { shiftKey: true }))).toBe("out");
    expect(actionOf(press("F10", { shiftKey: true }))).toBe("back");
    expect(actionOf(press("ArrowUp", { altKey: true }))).toBe("nudge");
  });
  it("leave everything else to Lab", () => {
    expect(actionOf(press("s", { ctrlKey: true }))).toBeNull();
    expect(actionOf(press("a"))).toBeNull();
    expect(actionOf(press("Enter", { shiftKey: true }))).toBeNull();
  });
  it("give Lab its combinations, never plain letters", () => {
    expect(belongsToLab(press("s", { ctrlKey: true }), false)).toBe(true);
    expect(belongsToLab(press("s", { metaKey: true }), true)).toBe(true);
    expect(belongsToLab(press("z", { ctrlKey: true }), true)).toBe(false);
    expect(belongsToLab(press("z", { ctrlKey: true }), false)).toBe(false);
    expect(belongsToLab(press("d"), false)).toBe(false);
    expect(belongsToLab(press("Enter", { shiftKey: true }), false)).toBe(false);
  });
  it("read well", () => {
    expect(keysOf("redo")).toBe("Ctrl+Shift+Z");
    expect(readable("Mod+Shift+z", true)).toBe("⌘⇧Z");
    expect(keysOf("nothing")).toBe("");
  });
});

describe("words", () => {
  it("say times and sizes", () => {
    expect([0.2, 3, 1200, 59_000, 245_000, 7_800_000].map(formatMs)).toEqual(["<1 ms", "3 ms", "1.2 s", "59 s", "4 min 05 s", "2 h 10 min"]);
    expect(chipText({ kind: "table", rows: 336776, columns: 19 })).toBe("336,776 × 19");
    expect(resultText({ blockId: "a", status: "completed", completed: 1, failed: 0, skipped: 0, summary: { kind: "table", rows: 1461, columns: 3 }, runMs: 3 })).toBe("1,461 rows · 3 ms");
  });
  it("say what a block does from its config, and bear any config", () => {
    const line = (type: string, config: object) => describeBlock(block("x", type, { config: config as never }), undefined);
    expect(line("filter", { conditions: [{ field: "precipitation", operator: "greater_than", value: 0 }] })).toBe("precipitation > 0");
    expect(line("http_request", { url: "https://api.example.org/x" })).toBe("GET api.example.org/x");
    expect(line("loop", { loopType: "forEach", items: "{{ airports }}", itemVariable: "airport" })).toBe("each airport of airports");
    expect(line("aggregate", { groupBy: ["origin"], operations: [{ op: "max", field: "delay" }] })).toBe("max delay by origin");
    for (const odd of [null, 3, "text", [], {}, [null], [[]]]) {
      expect(line("filter", { conditions: odd })).toBeTypeOf("string");
      expect(line("aggregate", { operations: odd, groupBy: odd })).toBeTypeOf("string");
      expect(line("transform", { code: odd })).toBeTypeOf("string");
      expect(line("start", { inputSchema: odd })).toBeTypeOf("string");
    }
  });
  it("find by typing, better matches first", () => {
    const found = search("fil", ["Read a file", "Filter", "Profile"], (s) => [s]);
    expect(found).toEqual(["Filter", "Read a file", "Profile"]);
    expect(search("zzz", ["a"], (s) => [s])).toEqual([]);
  });
});

describe("examples", () => {
  it("hold together: edges between their own blocks, unique handles", () => {
    for (const example of EXAMPLES) {
      const ids = new Set(example.flow.blocks.map((b) => b.id));
      expect(example.flow.edges.every((e) => ids.has(e.source) && ids.has(e.target))).toBe(true);
      expect(ids.size).toBe(example.flow.blocks.length);
    }
    expect(usableExamples(new Map())).toEqual([]);
  });
});
