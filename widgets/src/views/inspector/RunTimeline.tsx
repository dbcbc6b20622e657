/** Where a run's time went: queue, run and wait of each block in three tints. */

import { useMemo, useRef, useState, type KeyboardEvent } from "react";
import { duration, grouped } from "../../core/inspector/format";
import { barsOf, foldByBlock, ticks, totalMs } from "../../core/inspector/timeline";
import { visibleSlice } from "../../core/inspector/tree";
import type { Timing } from "../../core/inspector/types";
import { stateInWords } from "../../core/inspector/words";
import { Empty, Sign } from "./parts";

export interface RunTimelineProps {
  timings: readonly Timing[];
  /** The path that is chosen elsewhere. */
  selectedPath?: string | null;
  onPick?(timing: Timing): void;
  maxHeight?: number;
}

const ROW = 22;

interface Line {
  timing: Timing;
  count: number;
  spanMs: number;
}

/** One line a block (executions of a loop's blocks folded into one), or one line an execution. */
function linesOf(timings: readonly Timing[], folded: boolean): Line[] {
  if (!folded) return timings.map((timing) => ({ timing, count: 1, spanMs: timing.queueMs + timing.runMs + timing.waitMs }));
  return foldByBlock(timings).map(({ total, count }) => ({ timing: total, count, spanMs: total.queueMs + total.runMs + total.waitMs }));
}

export function RunTimeline({ timings, selectedPath = null, onPick, maxHeight = 320 }: RunTimelineProps) {
  const repeated = useMemo(() => new Set(timings.map((t) => t.blockId)).size < timings.length, [timings]);
  const [folded, setFolded] = useState(true);
  const [scroll, setScroll] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const total = totalMs(timings);
  const lines = useMemo(() => linesOf(timings, folded && repeated), [timings, folded, repeated]);
  const whole = Math.max(total, ...lines.map((line) => line.timing.startMs + line.spanMs));
  const shapes = useMemo(
    () =>
      barsOf(
        lines.map((line) => line.timing),
        whole,
      ),
    [lines, whole],
  );
  if (!timings.length) return <Empty>No block has run yet.</Empty>;
  const height = Math.min(maxHeight, lines.length * ROW);
  const [first, last] = visibleSlice(lines.length, ROW, scroll, height);
  const axis = ticks(whole, 4);
  const arrows = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const buttons = [...(box.current?.querySelectorAll<HTMLElement>(".wb-time-row") ?? [])];
    const at = buttons.indexOf(event.target as HTMLElement);
    const next = buttons[at + (event.key === "ArrowDown" ? 1 : -1)];
    if (at < 0 || !next) return;
    event.preventDefault();
    event.stopPropagation();
    next.focus();
  };
  return (
    <section className="wb-timeline" aria-label="Timeline">
      <div className="wb-timeline-head">
        <span className="wb-legend">
          <i className="wb-tint-queue" /> queue <i className="wb-tint-run" /> run <i className="wb-tint-wait" /> wait
        </span>
        {repeated && (
          <button type="button" className="wb-text-button" aria-pressed={!folded} onClick={() => setFolded(!folded)}>
            {folded ? `all ${grouped(timings.length)} executions` : "by block"}
          </button>
        )}
      </div>
      <div className="wb-time-axis" aria-hidden="true">
        <div>
          {axis.map((at) => (
            <span key={at} style={{ left: `${(at / (whole || 1)) * 100}%` }}>
              {duration(at)}
            </span>
          ))}
        </div>
      </div>
      <div
        className="wb-time-rows"
        ref={box}
        style={{ height }}
        onScroll={(event) => setScroll(event.currentTarget.scrollTop)}
        onKeyDown={arrows}
      >
        <div style={{ height: lines.length * ROW, position: "relative" }}>
          {shapes.slice(first, last).map((bar, offset) => {
            const line = lines[first + offset]!;
            const { timing } = bar;
            const { sign, tone, text } = stateInWords(timing.status);
            const times = `queue ${duration(timing.queueMs)}, run ${duration(timing.runMs)}, wait ${duration(timing.waitMs)}`;
            return (
              <button
                key={`${timing.path}~${timing.attempt}`}
                type="button"
                className={`wb-time-row${timing.path === selectedPath ? " wb-on" : ""}`}
                style={{ top: (first + offset) * ROW, height: ROW }}
                title={`${timing.path}: ${text}, ${times}`}
                aria-label={`${timing.name}, ${text}, ${times}`}
                onClick={() => onPick?.(timing)}
              >
                <span className="wb-time-name">
                  <span className={`wb-tone-${tone}`}>
                    <Sign sign={sign} />
                  </span>{" "}
                  {folded || !/\[/.test(timing.path) ? timing.name : timing.path}
                  {line.count > 1 && <span className="wb-time-count"> × {grouped(line.count)}</span>}
                </span>
                <span className="wb-time-track">
                  <i className="wb-tint-queue" style={span(bar.start, bar.queue)} />
                  <i
                    className={`wb-tint-run${timing.status === "failed" ? " wb-tint-failed" : ""}`}
                    style={span(bar.start + bar.queue, bar.run)}
                  />
                  <i className="wb-tint-wait" style={span(bar.start + bar.queue + bar.run, bar.wait)} />
                </span>
                <span className="wb-time-total">{duration(line.spanMs)}</span>
              </button>
            );
          })}
        </div>
      </div>
    </section>
  );
}

const span = (left: number, width: number) => ({ left: `${left * 100}%`, width: width ? `max(1px, ${width * 100}%)` : 0 });
