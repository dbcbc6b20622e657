/** Text and numbers that take no expressions. */

import { useState } from "react";
import { duration } from "../../core/inspector/format";
import { formatLiteral, parseNumber } from "../../core/inspector/literal";
import { useForm } from "./formContext";
import type { ValueFieldProps } from "./ValueField";

/** Keeps the text as typed as long as it still means the value that came down. */
export function useLocalText(value: unknown, read: (text: string) => unknown, write: (value: unknown) => string) {
  const [text, setText] = useState(() => write(value));
  const means = JSON.stringify(read(text) ?? null);
  if (means !== JSON.stringify(value ?? null) && write(read(text)) !== write(value)) {
    const next = write(value);
    setText(next);
    return [next, setText] as const;
  }
  return [text, setText] as const;
}

export function NumberField({ shape, value, isDefault, onChange, id, label, describedBy, placeholder }: ValueFieldProps) {
  const { readOnly } = useForm();
  const [text, setText] = useLocalText(value, parseNumber, (from) => (from === undefined || from === null ? "" : String(from as number)));
  if (shape.widget.kind !== "number") return null;
  const { min, max, unit, integer } = shape.widget;
  const range = min !== null && max !== null ? `${min} – ${max}` : min !== null ? `at least ${min}` : max !== null ? `at most ${max}` : "";
  const nudge = (by: number) => {
    const now = parseNumber(text);
    if (typeof now !== "number") return;
    const next = Math.min(max ?? Infinity, Math.max(min ?? -Infinity, now + by));
    setText(String(next));
    onChange(next);
  };
  return (
    <div className={`wb-input-row${isDefault ? " wb-default" : ""}`}>
      <input
        id={id}
        className="wb-input wb-number"
        inputMode={integer ? "numeric" : "decimal"}
        value={text}
        readOnly={readOnly}
        aria-label={label}
        aria-describedby={describedBy}
        aria-invalid={describedBy ? true : undefined}
        title={range}
        placeholder={placeholder ?? range}
        onChange={(event) => {
          setText(event.target.value);
          onChange(parseNumber(event.target.value));
        }}
        onKeyDown={(event) => {
          if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
          event.preventDefault();
          nudge((event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1));
        }}
      />
      {unit && <span className="wb-unit">{inWords(parseNumber(text), unit)}</span>}
    </div>
  );
}

/** A long time in milliseconds is said in larger units too. */
export function inWords(value: unknown, unit: string): string {
  return unit === "ms" && typeof value === "number" && value >= 1000 ? `ms = ${duration(value)}` : unit;
}

export function TextField({ shape, steps, value, isDefault, required, onChange, id, label, describedBy, placeholder }: ValueFieldProps) {
  const { readOnly, idBase } = useForm();
  const text = typeof value === "string" ? value : value === undefined || value === null ? "" : formatLiteral(value);
  const emit = (next: string) => onChange(next || required ? next : shape.hasDefault && shape.default ? "" : undefined);
  const shared = {
    id,
    value: text,
    readOnly,
    "aria-label": label,
    "aria-describedby": describedBy,
    "aria-invalid": describedBy ? true : undefined,
    placeholder: placeholder ?? "",
    spellCheck: false,
    onChange: (event: { target: { value: string } }) => emit(event.target.value),
  };
  const columns = /^(field|column|as|by)$/.test(String(steps.at(-1) ?? "")) ? `${idBase}-columns` : undefined;
  if (shape.widget.kind === "text" && shape.widget.multiline)
    return <textarea {...shared} rows={2} className={`wb-input wb-area${isDefault ? " wb-default" : ""}`} />;
  return <input {...shared} list={columns} className={`wb-input${isDefault ? " wb-default" : ""}`} />;
}
