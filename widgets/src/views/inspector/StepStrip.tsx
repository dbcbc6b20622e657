/** A run's steps as a strip of dots: where it has been, where it stands, what a step back left ahead. */

import { useEffect, useRef } from "react";
import { stateInWords } from "../../core/inspector/words";

export interface HistoryStep {
  /** The step's checkpoint. */
  id: string;
  blockId: string;
  label: string;
  status: string;
  /** Where the view stands. */
  current?: boolean;
  /** Left behind by going back: runs again at the next step. */
  ahead?: boolean;
}

export interface StepStripProps {
  steps: readonly HistoryStep[];
  onPick?(step: HistoryStep): void;
}

/** Dots that fit; the steps before them are a number. */
const SHOWN = 60;

export function StepStrip({ steps, onPick }: StepStripProps) {
  const box = useRef<HTMLDivElement>(null);
  const at = steps.findIndex((step) => step.current);
  useEffect(() => {
    const strip = box.current;
    const dot = strip?.querySelector<HTMLElement>(".wb-step-current");
    if (strip && dot) strip.scrollLeft = dot.offsetLeft - strip.clientWidth + 40;
  }, [at, steps.length]);
  if (!steps.length) return null;
  const end = at < 0 ? steps.length : Math.min(steps.length, at + 12);
  const first = Math.max(0, end - SHOWN);
  return (
    <div className="wb-strip" ref={box} role="group" aria-label={`Steps, at ${at + 1} of ${steps.length}`}>
      {first > 0 && <span className="wb-strip-more">{first} earlier</span>}
      {steps.slice(first, end).map((step) => {
        const { text, tone } = stateInWords(step.status);
        const title = `${step.label}: ${step.ahead ? "will run again" : text}`;
        return (
          <button
            key={step.id}
            type="button"
            className={`wb-step wb-tone-${tone}${step.current ? " wb-step-current" : ""}${step.ahead ? " wb-step-ahead" : ""}`}
            title={title}
            aria-label={title}
            aria-current={step.current ? "step" : undefined}
            onClick={() => onPick?.(step)}
          >
            {step.current ? "◉" : step.ahead ? "○" : step.status === "failed" ? "✕" : "●"}
          </button>
        );
      })}
    </div>
  );
}
