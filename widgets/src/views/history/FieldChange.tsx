/** One field before and after; a text of several lines line by line. */

import { inOneLine } from "../../core/sides";
import type { FieldDiff } from "../../core/wire";

export function FieldChange({ field }: { field: Pick<FieldDiff, "field" | "before" | "after"> & { lines?: FieldDiff["lines"] } }) {
  const name = field.field.replace(/^config\./, "");
  if (field.lines?.length) {
    return (
      <div className="wbc-diff-field" data-testid="diff-field">
        <code className="wbc-diff-name">{name}</code>
        <pre className="wbc-diff-lines" tabIndex={0} aria-label={`Lines of ${name}`}>
          {field.lines.map((line, i) => (
            <span key={i} className={line.sign === "+" ? "wbc-line-added" : line.sign === "-" ? "wbc-line-removed" : "wbc-line-same"}>
              <i aria-hidden="true">{line.sign === "-" ? "−" : line.sign}</i>
              {line.text || " "}
              {"\n"}
            </span>
          ))}
        </pre>
      </div>
    );
  }
  const [before, after] = [inOneLine(field.before), inOneLine(field.after)];
  return (
    <div className="wbc-diff-field" data-testid="diff-field">
      <code className="wbc-diff-name">{name}</code>
      <span className="wbc-diff-values">
        <del title={before}>{before}</del>
        <span aria-hidden="true">→</span>
        <ins title={after}>{after}</ins>
      </span>
    </div>
  );
}
