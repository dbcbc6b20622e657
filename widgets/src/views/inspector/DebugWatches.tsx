/** Expressions that are evaluated again wherever the run stops. */

import { useEffect, useRef, useState } from "react";
import { glimpse } from "../../core/inspector/tree";
import type { ScopeHints } from "../../core/inspector/types";
import { CodeField } from "./CodeField";
import { IconButton } from "./parts";
import { Prose } from "./Prose";

export interface DebugWatchesProps {
  watches: readonly string[];
  stamp: string | number;
  hints?: ScopeHints;
  onWatches(watches: string[]): void;
  evaluate(expression: string, signal: AbortSignal): Promise<unknown>;
}

type Answer = { value: unknown } | { error: string } | null;

/** The answer for this stop; the one before stays until it is there. */
function useAnswer(expression: string, stamp: string | number, evaluate: DebugWatchesProps["evaluate"]): Answer {
  const [answer, setAnswer] = useState<Answer>(null);
  const ask = useRef(evaluate);
  ask.current = evaluate;
  useEffect(() => {
    const abort = new AbortController();
    ask.current(expression, abort.signal).then(
      (value) => abort.signal.aborted || setAnswer({ value }),
      (error: unknown) => abort.signal.aborted || setAnswer({ error: (error as Error).message || "It cannot be evaluated here." }),
    );
    return () => abort.abort();
  }, [expression, stamp]);
  return answer;
}

export function DebugWatches({ watches, stamp, hints, onWatches, evaluate }: DebugWatchesProps) {
  const [text, setText] = useState("");
  const add = () => {
    if (!text.trim()) return;
    if (!watches.includes(text.trim())) onWatches([...watches, text.trim()]);
    setText("");
  };
  return (
    <>
      <ul className="wb-watches">
        {watches.map((expression) => (
          <Watch
            key={expression}
            expression={expression}
            stamp={stamp}
            evaluate={evaluate}
            onRemove={() => onWatches(watches.filter((other) => other !== expression))}
          />
        ))}
      </ul>
      <div className="wb-watch-add">
        <CodeField
          value={text}
          onChange={setText}
          language="expression"
          label="Add a watch"
          placeholder="expression, Enter adds it"
          singleLine
          onEnter={add}
          {...(hints ? { hints } : {})}
        />
      </div>
    </>
  );
}

interface WatchProps {
  expression: string;
  stamp: string | number;
  evaluate: DebugWatchesProps["evaluate"];
  onRemove(): void;
}

function Watch({ expression, stamp, evaluate, onRemove }: WatchProps) {
  const answer = useAnswer(expression, stamp, evaluate);
  return (
    <li className="wb-watch">
      <code title={expression}>{expression}</code>
      <span className="wb-watch-value">
        {answer === null ? (
          "…"
        ) : "error" in answer ? (
          <span className="wb-tone-error" title={answer.error}>
            ✕ <Prose text={answer.error} />
          </span>
        ) : (
          <span title={glimpse(answer.value, 400)}>{glimpse(answer.value, 80)}</span>
        )}
      </span>
      <IconButton icon="cross" label={`Stop watching ${expression}`} onClick={onRemove} className="wb-quiet" />
    </li>
  );
}
