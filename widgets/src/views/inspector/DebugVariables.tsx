/** A paused run's variables; a click on a value edits it as JSON or text. */

import { useState, type KeyboardEvent } from "react";
import { formatLiteral, parseLiteral } from "../../core/inspector/literal";
import { glimpse } from "../../core/inspector/tree";

export interface DebugVariablesProps {
  variables: Record<string, unknown>;
  /** Absent: read only. */
  onSet?(name: string, value: unknown): Promise<void>;
}

export function DebugVariables({ variables, onSet }: DebugVariablesProps) {
  const names = Object.keys(variables);
  if (!names.length) return <p className="wb-none">No variables. A set variables block makes them.</p>;
  return (
    <dl className="wb-variables">
      {names.map((name) => (
        <Variable key={name} name={name} value={variables[name]} {...(onSet ? { onSet } : {})} />
      ))}
    </dl>
  );
}

function Variable({ name, value, onSet }: { name: string; value: unknown; onSet?: DebugVariablesProps["onSet"] }) {
  const [text, setText] = useState<string | null>(null);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const stop = () => {
    setText(null);
    setError("");
  };
  const save = async () => {
    if (text === null || !onSet) return;
    if (text === formatLiteral(value)) return stop();
    setBusy(true);
    try {
      await onSet(name, parseLiteral(text));
      stop();
    } catch (problem) {
      setError((problem as Error).message || "It could not be set.");
    } finally {
      setBusy(false);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") void save();
    else if (event.key === "Escape") stop();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="wb-variable">
      <dt title={name}>{name}</dt>
      <dd>
        {text === null ? (
          onSet ? (
            <button
              type="button"
              className="wb-value-button"
              title="Edit (journaled; later blocks see it)"
              onClick={() => setText(formatLiteral(value))}
            >
              {glimpse(value, 80)}
            </button>
          ) : (
            <span className="wb-value-text">{glimpse(value, 80)}</span>
          )
        ) : (
          <>
            <input
              className="wb-input"
              autoFocus
              value={text}
              disabled={busy}
              spellCheck={false}
              aria-label={`New value of ${name}`}
              aria-invalid={error ? true : undefined}
              onChange={(event) => setText(event.target.value)}
              onKeyDown={onKeyDown}
              onBlur={() => void save()}
            />
            {error && (
              <span className="wb-problem-line wb-tone-error" role="alert">
                ✕ {error}
              </span>
            )}
          </>
        )}
      </dd>
    </div>
  );
}
