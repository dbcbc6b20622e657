/** Markdown as elements: nothing that was typed becomes HTML by itself. */

import { useMemo } from "react";
import { readMarkdown, type Inline, type Part } from "../core/markdown";

export function MarkdownView({ text }: { text: string }) {
  const parts = useMemo(() => readMarkdown(text), [text]);
  return (
    <>
      {parts.map((part, i) => (
        <Block key={i} part={part} />
      ))}
    </>
  );
}

function Block({ part }: { part: Part }) {
  switch (part.kind) {
    case "heading": {
      const Tag = (["h3", "h4", "h5"] as const)[part.level - 1]!;
      return (
        <Tag>
          <Line inside={part.inside} />
        </Tag>
      );
    }
    case "list": {
      const items = part.items.map(({ inside, checked }, i) => (
        <li key={i} className={checked === null ? undefined : "wbc-task"}>
          {checked !== null && <span role="img" aria-label={checked ? "done" : "to do"}>{checked ? "☑" : "☐"} </span>}
          <Line inside={inside} />
        </li>
      ));
      return part.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
    case "code":
      return (
        <pre>
          <code>{part.text}</code>
        </pre>
      );
    case "rule":
      return <hr />;
    case "quote":
      return (
        <blockquote>
          <Lines lines={part.lines} />
        </blockquote>
      );
    case "paragraph":
      return (
        <p>
          <Lines lines={part.lines} />
        </p>
      );
  }
}

function Lines({ lines }: { lines: readonly Inline[][] }) {
  return lines.map((line, i) => (
    <span key={i}>
      {i > 0 && <br />}
      <Line inside={line} />
    </span>
  ));
}

function Line({ inside }: { inside: readonly Inline[] }) {
  return inside.map((one, i) => {
    switch (one.kind) {
      case "strong":
        return <strong key={i}><Line inside={one.inside} /></strong>;
      case "em":
        return <em key={i}><Line inside={one.inside} /></em>;
      case "code":
        return <code key={i}>{one.text}</code>;
      case "link":
        return <a key={i} className="nodrag" href={one.href} target="_blank" rel="noopener noreferrer"><Line inside={one.inside} /></a>;
      case "text":
        return one.text;
    }
  });
}
