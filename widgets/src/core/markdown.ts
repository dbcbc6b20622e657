/** The small part of Markdown that notes are written in, as a tree: never as HTML. Pure. */

export type Inline =
  | { kind: "text"; text: string }
  | { kind: "strong" | "em"; inside: Inline[] }
  | { kind: "code"; text: string }
  | { kind: "link"; inside: Inline[]; href: string };

export type Part =
  | { kind: "heading"; level: 1 | 2 | 3; inside: Inline[] }
  | { kind: "paragraph"; lines: Inline[][] }
  | { kind: "list"; ordered: boolean; items: { inside: Inline[]; checked: boolean | null }[] }
  | { kind: "quote"; lines: Inline[][] }
  | { kind: "code"; text: string }
  | { kind: "rule" };

const ITEM = /^\s*(?:([-*+])|(\d{1,3})[.)])\s+(.*)$/;

export function readMarkdown(text: string): Part[] {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const parts: Part[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]!;
    const rest = takeWhile(lines, at);
    const heading = /^(#{1,3})\s+(.*?)\s*#*$/.exec(line);
    if (!line.trim()) at++;
    else if (/^\s*```/.test(line)) {
      const code = rest(at + 1, (l) => !/^\s*```/.test(l));
      parts.push({ kind: "code", text: code.join("\n") });
      at += code.length + 2;
    } else if (heading) {
      parts.push({ kind: "heading", level: heading[1]!.length as 1 | 2 | 3, inside: readInline(heading[2]!) });
      at++;
    } else if (/^\s*([-*_])\s*(\1\s*){2,}$/.test(line)) {
      parts.push({ kind: "rule" });
      at++;
    } else if (ITEM.test(line)) {
      const ordered = ITEM.exec(line)![2] !== undefined;
      const items = rest(at, (l) => ITEM.test(l) && (ITEM.exec(l)![2] !== undefined) === ordered);
      parts.push({ kind: "list", ordered, items: items.map((item) => readItem(ITEM.exec(item)![3]!)) });
      at += items.length;
    } else if (/^\s*>/.test(line)) {
      const quoted = rest(at, (l) => /^\s*>/.test(l));
      parts.push({ kind: "quote", lines: quoted.map((l) => readInline(l.replace(/^\s*>\s?/, ""))) });
      at += quoted.length;
    } else {
      const own = rest(at, (l, i) => i === at || (l.trim() !== "" && !ITEM.test(l) && !/^(#{1,3}\s|\s*```|\s*>)/.test(l)));
      parts.push({ kind: "paragraph", lines: own.map((l) => readInline(l.trim())) });
      at += own.length;
    }
  }
  return parts;
}

function takeWhile(lines: readonly string[], _at: number) {
  return (from: number, fits: (line: string, index: number) => boolean): string[] => {
    let end = from;
    while (end < lines.length && fits(lines[end]!, end)) end++;
    return lines.slice(from, end);
  };
}

function readItem(text: string): { inside: Inline[]; checked: boolean | null } {
  const box = /^\[([ xX])\]\s+(.*)$/.exec(text);
  return box ? { inside: readInline(box[2]!), checked: box[1] !== " " } : { inside: readInline(text), checked: null };
}

const INLINE = /(`+)([^`]+?)\1|\*\*(?=\S)(.+?\S?)\*\*|__(?=\S)(.+?\S?)__|\*(?=\S)([^*]+?)\*|\b_(?=\S)([^_]+?)_\b|\[([^\]]+)\]\(([^)\s]+)\)|(https?:\/\/[^\s<>)]+[^\s<>).,;:!?])/;

export function readInline(text: string): Inline[] {
  const found = INLINE.exec(text);
  if (!found) return text ? [{ kind: "text", text }] : [];
  const [whole, , code, strong, strong2, em, em2, label, target, bare] = found;
  const before = text.slice(0, found.index);
  const one: Inline =
    code !== undefined ? { kind: "code", text: code }
    : strong ?? strong2 ? { kind: "strong", inside: readInline((strong ?? strong2)!) }
    : em ?? em2 ? { kind: "em", inside: readInline((em ?? em2)!) }
    : bare ? { kind: "link", inside: [{ kind: "text", text: bare }], href: bare }
    : isSafe(target!) ? { kind: "link", inside: readInline(label!), href: target! }
    : { kind: "text", text: whole };
  return [...(before ? [{ kind: "text" as const, text: before }] : []), one, ...readInline(text.slice(found.index + whole.length))];
}

/** Only the web and mail: a note never runs anything. */
function isSafe(href: string): boolean {
  return /^(https?:\/\/|mailto:)/i.test(href);
}
