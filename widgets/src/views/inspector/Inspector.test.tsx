import { flushSync } from "react-dom";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Inspector, type InspectorProps } from "./Inspector";
import { ValueView } from "./ValueView";
import type { LoadedValue, PageRequest } from "../../core/inspector/types";

let host: HTMLElement;
let root: Root;

beforeEach(() => {
  host = document.body.appendChild(document.createElement("div"));
  root = createRoot(host);
});

afterEach(() => {
  flushSync(() => root.unmount());
  host.remove();
});

const kind = {
  type: "delay",
  title: "Delay",
  category: "control",
  summary: "Waits.",
  effect: "idempotent" as const,
  inputs: [],
  outputs: [],
  configSchema: { properties: { note: { type: "string" } } },
};

function draw(props: Partial<InspectorProps> = {}) {
  const all: InspectorProps = {
    block: { id: "b", type: "delay", name: "wait a bit", handle: "wait_a_bit", config: {} },
    kind,
    tab: "config",
    onTab: () => undefined,
    inputs: null,
    outputs: null,
    logs: [],
    problems: [],
    onConfig: () => undefined,
    onRename: () => undefined,
    onClose: () => undefined,
    ...props,
  };
  flushSync(() => root.render(<Inspector {...all} />));
}

const press = (element: Element, key: string, more: KeyboardEventInit = {}) =>
  flushSync(() => void element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more })));

describe("the inspector", () => {
  it("counts errors in red, and warnings in amber only where there is no error", () => {
    const problem = (severity: "error" | "warning") => ({ blockId: "b", code: "X", message: "no", severity }) as unknown as InspectorProps["problems"][number];
    const badge = () => host.querySelector(".wb-tab .wb-count");
    draw({ problems: [problem("warning"), problem("error"), problem("warning")] });
    expect([badge()?.textContent, badge()?.className, badge()?.getAttribute("title")]).toEqual(["1", "wb-count wb-count-error", "1 error"]);
    draw({ problems: [problem("warning"), problem("warning")] });
    expect([badge()?.textContent, badge()?.className, badge()?.getAttribute("title")]).toEqual(["2", "wb-count wb-count-warn", "2 warnings"]);
    draw();
    expect(badge()).toBeNull();
  });

  it("keeps typed keys from the canvas and lets run and debug keys pass", () => {
    const heard: string[] = [];
    const listen = (event: KeyboardEvent) => heard.push(event.key);
    document.addEventListener("keydown", listen);
    draw();
    const field = host.querySelector("textarea, .wb-form input")!;
    for (const key of ["a", "Delete", "/", "l"]) press(field, key);
    press(field, "F9");
    press(field, "Enter", { ctrlKey: true });
    document.removeEventListener("keydown", listen);
    expect(heard).toEqual(["F9", "Enter"]);
  });

  it("is closed by one Escape from any field", () => {
    const close = vi.fn();
    draw({ onClose: close });
    const field = host.querySelector<HTMLElement>("textarea, .wb-form input")!;
    field.focus();
    press(field, "Escape");
    expect(close).toHaveBeenCalledOnce();
  });

  it("moves through its tabs by arrows", () => {
    const tabs: string[] = [];
    draw({ onTab: (tab) => tabs.push(tab) });
    press(host.querySelector("[role=tab][aria-selected=true]")!, "ArrowLeft");
    press(host.querySelector("[role=tab][aria-selected=true]")!, "ArrowRight");
    expect(tabs).toEqual(["docs", "in"]);
  });

  it("renames on leaving the name, not on Escape and not to nothing", () => {
    const names: string[] = [];
    draw({ onRename: (_, name) => names.push(name) });
    const field = host.querySelector<HTMLInputElement>("input.wb-name")!;
    const write = (text: string, last: () => void) => {
      flushSync(() => field.focus());
      flushSync(() => {
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")!.set!.call(field, text);
        field.dispatchEvent(new Event("input", { bubbles: true }));
      });
      last();
      flushSync(() => field.blur());
    };
    write("new name", () => undefined);
    write("  ", () => undefined);
    write("dropped", () => press(field, "Escape"));
    expect(names).toEqual(["new name"]);
  });

  it("says what to do where there is nothing", () => {
    draw({ tab: "in" });
    expect(host.textContent).toContain("No value yet. Run the function to see it here.");
    draw({ tab: "in", inputs: [] });
    expect(host.textContent).toContain("Nothing is wired to this block.");
    draw({ kind: null });
    expect(host.textContent).toContain("no block type “delay” here");
    draw({ block: null });
    expect(host.textContent).toContain("Choose a block or a wire");
  });
});

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("a value on a wire", () => {
  const table = (page: PageRequest): LoadedValue => ({
    type: "table",
    rows: 120,
    columns: [{ name: "n", type: "Int64", nulls: 3, histogram: [1, 2] }],
    data: Array.from({ length: Math.min(page.limit, 120 - page.offset) }, (_, i) => ({ n: page.offset + i })),
  });

  it("pages and sorts through its loader", async () => {
    const asked: PageRequest[] = [];
    const load = (page: PageRequest) => (asked.push(page), Promise.resolve(table(page)));
    flushSync(() => root.render(<ValueView load={load} valueKey="k" label="out" />));
    await settled();
    expect(host.textContent).toContain("120 rows × 1 columns");
    expect(host.textContent).toContain("1–50 of 120");
    flushSync(() => host.querySelector<HTMLElement>("[aria-label='Later rows']")!.click());
    await settled();
    flushSync(() => host.querySelector<HTMLElement>(".wb-column")!.click());
    await settled();
    expect(asked.map((page) => [page.offset, page.sort?.column ?? null])).toEqual([
      [0, null],
      [50, null],
      [0, "n"],
    ]);
    expect(host.querySelector("th[aria-sort=ascending]")).not.toBeNull();
  });

  it("shows no late answer of another value", async () => {
    let answer: (value: LoadedValue) => void = () => undefined;
    const slow = () => new Promise<LoadedValue>((resolve) => (answer = resolve));
    flushSync(() => root.render(<ValueView load={slow} valueKey="old" label="out" />));
    await settled();
    const old = answer;
    flushSync(() => root.render(<ValueView load={() => Promise.resolve({ type: "value", value: "new" })} valueKey="new" label="out" />));
    await settled();
    old({ type: "value", value: "old" });
    await settled();
    expect(host.textContent).toContain("new");
    expect(host.textContent).not.toContain("old");
  });

  it("says what to do when a value was not kept or cannot be had", async () => {
    flushSync(() => root.render(<ValueView load={() => Promise.resolve({ type: "none", reason: "notKept" })} valueKey="a" label="out" />));
    await settled();
    expect(host.textContent).toContain("Not kept, run again");
    flushSync(() =>
      root.render(<ValueView load={() => Promise.reject({ message: "No answer.", hint: "Try later." })} valueKey="b" label="out" />),
    );
    await settled();
    expect(host.textContent).toContain("No answer.");
    expect(host.textContent).toContain("Try again");
  });
});
