/** The debugger's four columns (call stack, variables, watches, console) and the strip of steps above them. */

import { useState, type KeyboardEvent, type ReactNode } from "react";
import { goesToCanvas } from "../../core/inspector/keys";
import type { Frame, ScopeHints } from "../../core/inspector/types";
import { stateInWords } from "../../core/inspector/words";
import { clockTime } from "../../core/inspector/format";
import { DebugVariables } from "./DebugVariables";
import { DebugWatches } from "./DebugWatches";
import { Sign } from "./parts";
import { StepStrip, type HistoryStep } from "./StepStrip";

export interface ConsoleLine {
  at: string;
  blockId: string;
  blockName?: string;
  message: string;
}

export interface DebugPanelProps {
  /** `paused`, `running`, or how the run ended. */
  status: string;
  when?: "before" | "after" | "error" | null;
  callStack: readonly Frame[];
  /** The path in front. */
  path: string | null;
  variables: Record<string, unknown>;
  /** Changes when anything a watch could see may have changed; watches are evaluated again. */
  stamp: string | number;
  watches: readonly string[];
  console: readonly ConsoleLine[];
  history: readonly HistoryStep[];
  hints?: ScopeHints;
  onWatches(watches: string[]): void;
  /** Answers an expression's value where the run stands, or throws with a message. */
  evaluate(expression: string, signal: AbortSignal): Promise<unknown>;
  /** Sets a variable of the paused run; a rejected promise keeps the typed text and shows why. */
  onSetVariable?(name: string, value: unknown): Promise<void>;
  onPickFrame?(frame: Frame): void;
  onPickStep?(step: HistoryStep): void;
  onPickBlock?(blockId: string): void;
}

export function DebugPanel(props: DebugPanelProps) {
  const { status, when, callStack, path, history, console: lines, onPickFrame, onPickStep, onPickBlock } = props;
  const [openNarrow, setOpenNarrow] = useState("variables");
  const paused = status === "paused";
  const section = (id: string, title: string, body: ReactNode, count?: number) => (
    <section className={`wb-debug-column${openNarrow === id ? " wb-open" : ""}`} aria-label={title} data-column={id}>
      <h3 className="wb-heading">
        <button type="button" onClick={() => setOpenNarrow(id)} aria-expanded={openNarrow === id}>
          {title}
          {count ? <span className="wb-count">{count}</span> : null}
        </button>
      </h3>
      <div className="wb-debug-body" data-column={id}>
        {body}
      </div>
    </section>
  );
  return (
    <div className="wb-debug nokey nowheel nodrag" data-lm-suppress-shortcuts="true" data-wb-tooltips="" onKeyDown={keepKeys}>
      <div className="wb-debug-head">
        <StatusLine status={status} when={when ?? null} path={path} />
        <StepStrip steps={history} {...(onPickStep ? { onPick: onPickStep } : {})} />
      </div>
      <div className="wb-debug-columns">
        {section("stack", "Call stack", <CallStack frames={callStack} path={path} {...(onPickFrame ? { onPick: onPickFrame } : {})} />)}
        {section(
          "variables",
          "Variables",
          <DebugVariables variables={props.variables} {...(paused && props.onSetVariable ? { onSet: props.onSetVariable } : {})} />,
        )}
        {section("watches", "Watches", <DebugWatches {...props} />, props.watches.length)}
        {section("console", "Console", <Console lines={lines} {...(onPickBlock ? { onPickBlock } : {})} />, lines.length)}
      </div>
    </div>
  );
}

function keepKeys(event: KeyboardEvent) {
  if (!goesToCanvas(event) && event.key !== "Escape") event.stopPropagation();
}

function StatusLine({ status, when, path }: { status: string; when: DebugPanelProps["when"]; path: string | null }) {
  const { sign, text, tone } = stateInWords(status);
  return (
    <span className="wb-debug-status" aria-live="polite">
      <span className={`wb-tone-${tone}`}>
        <Sign sign={sign} /> {text}
      </span>
      {path && status === "paused" && (
        <span>
          {when === "error" ? "at an error in" : (when ?? "before")} <code>{path}</code>
        </span>
      )}
    </span>
  );
}

function CallStack({ frames, path, onPick }: { frames: readonly Frame[]; path: string | null; onPick?(frame: Frame): void }) {
  if (!frames.length) return <p className="wb-none">Not stopped in a block.</p>;
  return (
    <ol className="wb-stack">
      {[...frames].reverse().map((frame, index) => (
        <li key={frame.path}>
          <button
            type="button"
            className={`wb-frame${frame.path === path || (index === 0 && !path) ? " wb-on" : ""}`}
            onClick={() => onPick?.(frame)}
            title={frame.path}
          >
            <span aria-hidden="true">{index === 0 ? "▸" : ""}</span>
            <span className="wb-frame-name">{frame.name ?? frame.blockId}</span>
            <span className="wb-frame-kind">
              {frame.kind}
              {/\[\d+\]$/.exec(frame.path)?.[0] ?? ""}
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}

function Console({ lines, onPickBlock }: { lines: readonly ConsoleLine[]; onPickBlock?(blockId: string): void }) {
  if (!lines.length) return <p className="wb-none">Log breakpoints write here.</p>;
  return (
    <ol className="wb-console" tabIndex={0}>
      {lines.slice(-200).map((line, index) => (
        <li key={index}>
          <time dateTime={line.at}>{clockTime(line.at).slice(0, 8)}</time>
          <button type="button" className="wb-link" onClick={() => onPickBlock?.(line.blockId)}>
            {line.blockName ?? line.blockId}
          </button>
          <span>{line.message}</span>
        </li>
      ))}
    </ol>
  );
}
