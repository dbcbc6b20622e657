/** One button an attempt: what each gave, and why it failed. */

import { LOOKS, lookOf, formatMs } from "../../core/format";
import { Sign } from "../Sign";
import type { Attempts } from "./useAttempts";

export function AttemptSwitch({ attempts }: { attempts: Attempts }) {
  const { all, chosen, choose } = attempts;
  if (!all.length) return null;
  const now = chosen?.attempt ?? all.at(-1)!.attempt;
  const move = (event: React.KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = step ? all[all.findIndex((c) => c.attempt === now) + step] : undefined;
    if (!next) return;
    event.preventDefault();
    choose(next.attempt);
    (event.currentTarget.querySelector(`[data-attempt="${next.attempt}"]`) as HTMLElement | null)?.focus();
  };
  return (
    <div className="wbc-attempts" role="radiogroup" aria-label="Attempt" data-testid="attempts" onKeyDown={move}>
      <span className="wbc-quiet">Attempt</span>
      {all.map((checkpoint) => {
        const look = lookOf(checkpoint);
        const on = checkpoint.attempt === now;
        const took = checkpoint.runMs == null ? "" : `, ${formatMs(checkpoint.runMs)}`;
        return (
          <button
            key={checkpoint.attempt}
            type="button"
            role="radio"
            aria-checked={on}
            tabIndex={on ? 0 : -1}
            data-attempt={checkpoint.attempt}
            title={`Attempt ${checkpoint.attempt}: ${LOOKS[look].word}${took}${checkpoint.error ? `\n${checkpoint.error.message}` : ""}`}
            onClick={() => choose(checkpoint.attempt)}
          >
            <span className={`wbc-tone-${look}`} aria-hidden="true">
              <Sign look={look} size={10} />
            </span>
            {checkpoint.attempt}
          </button>
        );
      })}
    </div>
  );
}
