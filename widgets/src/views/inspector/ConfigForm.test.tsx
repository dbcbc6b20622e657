import { flushSync } from "react-dom";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ConfigForm, type ConfigFormProps } from "./ConfigForm";

const schema = {
  properties: {
    path: { type: "string", "x-order": 0 },
    title: { type: "string", default: "", "x-order": 1 },
    count: { type: "integer", default: 3, minimum: 1 },
    names: { type: "array", items: { type: "string" }, default: [] },
  },
  required: ["path"],
};

let host: HTMLElement;
let root: Root;
let changes: Record<string, unknown>[];

function draw(props: Partial<ConfigFormProps> = {}) {
  flushSync(() =>
    root.render(<ConfigForm blockId="a" schema={schema} config={{ path: "x" }} onChange={(config) => changes.push(config)} {...props} />),
  );
}

const input = (name: string) => host.querySelector<HTMLInputElement>(`[data-field="${name}"] input`)!;

function type(name: string, value: string) {
  const element = input(name);
  flushSync(() => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")!.set!.call(element, value);
    element.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  changes = [];
  host = document.body.appendChild(document.createElement("div"));
  root = createRoot(host);
});

afterEach(() => {
  flushSync(() => root.unmount());
  host.remove();
  vi.useRealTimers();
});

describe("typing in a config form", () => {
  it("goes up once, a moment after the last key", () => {
    draw();
    type("path", "xy");
    type("path", "xyz");
    expect(changes).toEqual([]);
    flushSync(() => void vi.advanceTimersByTime(400));
    expect(changes).toEqual([{ path: "xyz" }]);
  });

  it("is handed over when asked for, for as long as the form is there", () => {
    const holders = new Set<() => void>();
    draw({ holdsTyping: (handOver) => (holders.add(handOver), () => void holders.delete(handOver)) });
    type("path", "xy");
    for (const handOver of holders) handOver();
    expect(changes).toEqual([{ path: "xy" }]);
    flushSync(() => root.render(null));
    expect(holders.size).toBe(0);
  });

  it("goes up at once, and is said to be whole, when its field is left or Enter is pressed", () => {
    const settled: number[] = [];
    draw({ onSettle: () => settled.push(changes.length) });
    type("path", "xy");
    input("path").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    expect([changes, settled]).toEqual([[{ path: "xy" }], [1]]);
    type("path", "xyz");
    input("path").dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
    expect([changes.at(-1), settled]).toEqual([{ path: "xyz" }, [1, 2]]);
  });

  it("does not make a choice or a button wait", () => {
    const settled: number[] = [];
    const onSettle = () => settled.push(changes.length);
    draw({ schema: { properties: { strict: { type: "boolean" } } }, config: {}, onSettle });
    flushSync(() => input("strict").click());
    expect([changes, settled.at(-1)]).toEqual([[{ strict: true }], 1]);
    draw({ blockId: "b", config: { path: "x", count: 9 }, onSettle });
    flushSync(() => host.querySelector<HTMLButtonElement>('[data-field="count"] button[aria-label="Reset to 3"]')!.click());
    expect([changes.at(-1), settled.at(-1)]).toEqual([{ path: "x" }, 2]);
  });

  it("is kept when the saved config comes again or changes elsewhere", () => {
    draw();
    type("path", "typed");
    draw({ config: { path: "x" } });
    expect(input("path").value).toBe("typed");
    draw({ config: { path: "x", title: "from elsewhere" } });
    expect([input("path").value, input("title").value]).toEqual(["typed", "from elsewhere"]);
    flushSync(() => void vi.advanceTimersByTime(400));
    expect(changes).toEqual([{ path: "typed", title: "from elsewhere" }]);
  });

  it("survives the answer to an earlier save", () => {
    draw();
    type("path", "ab");
    flushSync(() => void vi.advanceTimersByTime(400));
    type("path", "abc");
    draw({ config: { path: "ab" } });
    expect(input("path").value).toBe("abc");
  });

  it("is saved when another block is chosen before the moment has passed", () => {
    draw();
    type("path", "last words");
    draw({ blockId: "b", config: { path: "of b" } });
    expect(changes).toEqual([{ path: "last words" }]);
    expect(input("path").value).toBe("of b");
  });

  it("keeps keys that the schema does not know", () => {
    draw({ config: { path: "x", legacy: { a: 1 } } });
    type("path", "y");
    flushSync(() => void vi.advanceTimersByTime(400));
    expect(changes).toEqual([{ path: "y", legacy: { a: 1 } }]);
  });

  it("takes the key away on a reset, so that the default holds", () => {
    draw({ config: { path: "x", count: 9 } });
    flushSync(() => host.querySelector<HTMLButtonElement>('[data-field="count"] button[aria-label="Reset to 3"]')!.click());
    flushSync(() => void vi.advanceTimersByTime(400));
    expect(changes).toEqual([{ path: "x" }]);
  });

  it("shows a problem under its field, and unfolds the field for it", () => {
    draw({ problems: [{ severity: "error", message: "`count` must be at least 1, not 0.", field: "config.count" }] });
    const row = host.querySelector('[data-field="count"]')!;
    expect(row.textContent).toContain("count must be at least 1, not 0.");
    expect(row.querySelector("input")!.getAttribute("aria-describedby")).toBe(row.querySelector("ul")!.id);
  });

  it("shows problems of the block itself above the fields", () => {
    draw({ problems: [{ severity: "warning", message: "Nothing is wired to `in`." }] });
    expect(host.querySelector("form > .wb-problem-lines")!.textContent).toContain("Nothing is wired to in.");
  });

  it("puts the cursor where a problem points, or into what holds it", () => {
    draw({ config: { path: "x", names: ["a", "b"] }, focus: { field: "config.names[1]" } });
    expect((document.activeElement as HTMLInputElement).value).toBe("b");
    draw({ config: { path: "x", names: ["a", "b"] }, focus: { field: "config.path" } });
    expect(document.activeElement).toBe(input("path"));
  });

  it("moves rows by Alt and an arrow, and the cursor goes with its row", () => {
    draw({ config: { path: "x", names: ["a", "b"] } });
    const rows = () => [...host.querySelectorAll<HTMLInputElement>('[data-field="names"] input')];
    rows()[1]!.focus();
    flushSync(() => void rows()[1]!.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", altKey: true, bubbles: true })));
    expect(rows().map((row) => row.value)).toEqual(["b", "a"]);
    expect((document.activeElement as HTMLInputElement).value).toBe("b");
  });

  it("offers no change while it is read only, and writes nothing", () => {
    draw({ readOnly: true, config: { path: "x", names: ["a"] } });
    expect(input("path").readOnly).toBe(true);
    expect(host.querySelector(".wb-add, .wb-row-buttons")).toBeNull();
    draw({ blockId: "b", readOnly: true });
    expect(changes).toEqual([]);
  });
});
