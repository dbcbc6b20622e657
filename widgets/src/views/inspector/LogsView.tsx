/** A run's log: newest at the end, by level and text, each line leading to its block. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { clockTime, grouped } from "../../core/inspector/format";
import { goesToCanvas } from "../../core/inspector/keys";
import { countLevels, filterLogs, LEVELS } from "../../core/inspector/logs";
import type { LogEntry, LogLevel } from "../../core/inspector/types";
import { CopyButton, Empty } from "./parts";

export interface LogsViewProps {
  entries: readonly LogEntry[];
  loading?: boolean;
  error?: string | null;
  /** Goes to the block, at the path when the line has one. */
  onPickBlock?(blockId: string, path: string | null): void;
  level?: LogLevel;
}

const PAGE = 300;
const SIGNS: Record<LogLevel, string> = { debug: "·", info: "i", warning: "!", error: "✕" };

export function LogsView({ entries, loading = false, error = null, onPickBlock, level: startLevel = "info" }: LogsViewProps) {
  const [level, setLevel] = useState(startLevel);
  const [text, setText] = useState("");
  const [shown, setShown] = useState(PAGE);
  const list = useRef<HTMLOListElement>(null);
  const atEnd = useRef(true);
  const matching = useMemo(() => filterLogs(entries, level, text), [entries, level, text]);
  const counts = useMemo(() => countLevels(entries), [entries]);
  const lines = matching.slice(-shown);

  useEffect(() => setShown(PAGE), [level, text]);
  // New lines scroll into view only for a reader who is at the end already.
  useLayoutEffect(() => {
    if (list.current && atEnd.current) list.current.scrollTop = list.current.scrollHeight;
  }, [matching]);

  if (error)
    return (
      <Empty>
        <span className="wb-tone-error" role="alert">
          ✕ {error}
        </span>
      </Empty>
    );
  if (!entries.length) return <Empty>{loading ? "Loading the log…" : "Nothing logged yet. Python blocks log with print()."}</Empty>;
  return (
    <section className="wb-logs" aria-label="Log">
      <div className="wb-logs-bar">
        <select
          className="wb-input wb-select"
          aria-label="Lowest level"
          value={level}
          onChange={(event) => setLevel(event.target.value as LogLevel)}
        >
          {LEVELS.map((name, index) => (
            <option key={name} value={name}>
              {name} {index < LEVELS.length - 1 ? "and up" : "only"} ({LEVELS.slice(index).reduce((sum, other) => sum + counts[other], 0)})
            </option>
          ))}
        </select>
        <input
          className="wb-input"
          type="search"
          placeholder="Filter"
          aria-label="Filter the log"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => !goesToCanvas(event) && event.key !== "Escape" && event.stopPropagation()}
        />
        <CopyButton
          label="Copy these lines"
          text={() => lines.map((entry) => `${entry.at} ${entry.level} ${entry.path ?? entry.blockName ?? ""} ${entry.message}`).join("\n")}
        >
          copy
        </CopyButton>
      </div>
      {!lines.length && (
        <Empty>
          No line of {level} or above{text && ` with “${text}”`}.
        </Empty>
      )}
      <ol
        ref={list}
        className="wb-log-lines"
        tabIndex={0}
        onScroll={(event) => {
          const box = event.currentTarget;
          atEnd.current = box.scrollTop + box.clientHeight > box.scrollHeight - 8;
        }}
      >
        {matching.length > lines.length && (
          <li>
            <button type="button" className="wb-text-button" onClick={() => setShown(shown + PAGE)}>
              {grouped(matching.length - lines.length)} earlier lines
            </button>
          </li>
        )}
        {lines.map((entry, index) => (
          <Line key={matching.length - lines.length + index} entry={entry} {...(onPickBlock ? { onPickBlock } : {})} />
        ))}
      </ol>
    </section>
  );
}

function Line({ entry, onPickBlock }: { entry: LogEntry; onPickBlock?: LogsViewProps["onPickBlock"] }) {
  const name = entry.path && /\[/.test(entry.path) ? entry.path : (entry.blockName ?? entry.blockId);
  const { blockId } = entry;
  return (
    <li className={`wb-log wb-log-${entry.level}`}>
      <span className="wb-log-sign" aria-hidden="true">
        {SIGNS[entry.level]}
      </span>
      <div className="wb-log-body">
        <span className="wb-log-meta">
          <time dateTime={entry.at} title={entry.at}>
            {clockTime(entry.at)}
          </time>
          <span className="wb-sr">{entry.level}</span>
          {blockId &&
            (onPickBlock ? (
              <button type="button" className="wb-link" onClick={() => onPickBlock(blockId, entry.path ?? null)} title="Go to this block">
                {name}
              </button>
            ) : (
              <span>{name}</span>
            ))}
        </span>
        <span className="wb-log-message">{entry.message}</span>
        {entry.data !== undefined && entry.data !== null && (
          <details className="wb-log-data">
            <summary>data</summary>
            <pre>{JSON.stringify(entry.data, null, 2)}</pre>
          </details>
        )}
      </div>
    </li>
  );
}
