/** JSON as text. Text that is not JSON yet stays in the box, says so, and is not passed on. */

import { useEffect, useRef, useState } from "react";
import { sameValue } from "../../core/inspector/draft";
import { CodeField } from "./CodeField";

export interface JsonFieldProps {
  value: unknown;
  onChange(value: unknown): void;
  label: string;
  readOnly: boolean;
  describedBy?: string;
}

const print = (value: unknown): string => {
  if (value === undefined) return "";
  const flat = JSON.stringify(value);
  return flat.length <= 36 ? flat : JSON.stringify(value, null, 2);
};

export function JsonField({ value, onChange, label, readOnly, describedBy }: JsonFieldProps) {
  const [text, setText] = useState(() => print(value));
  const [error, setError] = useState<string | null>(null);
  const given = useRef(value);
  useEffect(() => {
    if (sameValue(value, given.current)) return;
    given.current = value;
    setText(print(value));
    setError(null);
  }, [value]);
  const type = (next: string) => {
    setText(next);
    if (!next.trim()) {
      setError(null);
      onChange((given.current = undefined));
      return;
    }
    try {
      given.current = JSON.parse(next) as unknown;
      setError(null);
      onChange(given.current);
    } catch (problem) {
      setError((problem as Error).message.replace(/^JSON\.parse: /, ""));
    }
  };
  return (
    <>
      <CodeField
        value={text}
        language="json"
        label={`${label}, JSON`}
        onChange={type}
        readOnly={readOnly}
        error={error ? { message: error } : null}
        {...(describedBy ? { describedBy } : {})}
      />
      {error && (
        <p className="wb-problem-line wb-tone-warn" role="status">
          <span aria-hidden="true">!</span> Not JSON yet: {error}
        </p>
      )}
    </>
  );
}
