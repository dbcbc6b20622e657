import { describe, expect, it } from "vitest";
import { readInline, readMarkdown } from "./markdown";

const text = (t: string) => ({ kind: "text", text: t });

describe("a note's Markdown", () => {
  it("has headings, lists, tasks, quotes, code and paragraphs", () => {
    const parts = readMarkdown("# Title\ntwo\nlines\n\n- a\n- [x] b\n\n1. one\n\n> said\n\n```\nx = 1\n# no heading\n```\n---");
    expect(parts.map((p) => p.kind)).toEqual(["heading", "paragraph", "list", "list", "quote", "code", "rule"]);
    expect(parts[1]).toEqual({ kind: "paragraph", lines: [[text("two")], [text("lines")]] });
    expect(parts[2]).toMatchObject({ ordered: false, items: [{ checked: null }, { checked: true }] });
    expect(parts[5]).toEqual({ kind: "code", text: "x = 1\n# no heading" });
  });

  it("has bold, italic, code and links within a line", () => {
    expect(readInline("a **b `c`** *d* e_f_g")).toEqual([
      text("a "), { kind: "strong", inside: [text("b "), { kind: "code", text: "c" }] }, text(" "), { kind: "em", inside: [text("d")] }, text(" e_f_g"),
    ]);
    expect(readInline("see https://example.org/x.")).toEqual([text("see "), { kind: "link", inside: [text("https://example.org/x")], href: "https://example.org/x" }, text(".")]);
  });

  it("links only to the web and mail, and never makes markup of what is typed", () => {
    expect(readInline("[x](javascript:alert(1))")).toEqual([text("[x](javascript:alert(1)"), text(")")]);
    expect(readInline("<b>x</b>")).toEqual([text("<b>x</b>")]);
    expect(readInline("[y](mailto:a@example.org)")[0]).toMatchObject({ kind: "link" });
  });

  it("bears anything", () => {
    for (const odd of ["", "```", "**", "- ", "#", "> ", "[](", "`a", "\r\n", "*".repeat(500)]) expect(() => readMarkdown(odd)).not.toThrow();
  });
});
