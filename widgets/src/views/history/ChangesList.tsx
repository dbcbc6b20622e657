/** Every change of the function, newest first: what, who, when; a click shows it on the canvas. */

import { FilePlus2, History, Redo2, Undo2, Upload, type LucideIcon } from "lucide-react";
import { byWhom, toUndo, type Change } from "../../core/history";
import { clockTime } from "../../core/when";
import { useCanvas, useSession } from "../session";
import { useChanges } from "./useChanges";

const ICONS: Partial<Record<Change["kind"], LucideIcon>> = { undo: Undo2, redo: Redo2, restore: History, import: Upload };

export function ChangesList() {
  const session = useSession();
  const { changes, versions, isMore, more, problem } = useChanges();
  const now = useCanvas((s) => s.fn?.version ?? 0);
  if (problem) return <p className="wb-help">{problem}</p>;
  if (!changes) return <p className="wb-help">Reading the history…</p>;
  const first = versions.find((v) => v.number === 1);
  const messages = new Map(versions.map((v) => [v.number, v.message]));
  return (
    <>
      {changes.length === 0 && <p className="wb-help">Nothing was changed since this function was made. Each edit shows here, and can be taken back.</p>}
      <ol className="wbc-changes" aria-label="Changes, newest first" onKeyDown={moveByArrows}>
        {changes.map((change) => (
          <ChangeRow key={change.groupId} change={change} isNewest={change.to === now} message={messages.get(change.to) ?? null} later={toUndo(changes, change).flatMap((c) => (c === change ? [] : [c.groupId]))} />
        ))}
        {!isMore && first && (
          <li className="wbc-change" data-testid="first-version">
            <button type="button" className="wbc-change-main" disabled={now === 1} title={now === 1 ? undefined : "Show what became different since"} onClick={() => void session.history.compare(1, now)}>
              <span className="wbc-change-icon" aria-hidden="true">
                <FilePlus2 size={13} />
              </span>
              <span className="wbc-change-label">Made</span>
              <span className="wbc-change-version">v1</span>
              <span className="wbc-change-who">
                {[byWhom(first.author, null), clockTime(first.createdAt, new Date())].filter(Boolean).join(" · ")}
              </span>
            </button>
          </li>
        )}
      </ol>
      {isMore && (
        <button type="button" className="wbc-button wbc-more" onClick={more}>
          Show older ones
        </button>
      )}
    </>
  );
}

interface RowProps {
  change: Change;
  isNewest: boolean;
  message: string | null;
  /** The groups after it that stand. */
  later: readonly string[];
}

function ChangeRow({ change, isNewest, message, later }: RowProps) {
  const session = useSession();
  const Icon = ICONS[change.kind];
  const isQuiet = change.kind === "undo" || change.kind === "redo";
  const label = isQuiet ? `${change.kind === "undo" ? "Undone" : "Made again"}: ${change.label}` : change.label;
  return (
    <li className={`wbc-change${change.undone ? " wbc-change-undone" : ""}${isQuiet ? " wbc-change-quiet" : ""}`} data-testid="change" data-undone={change.undone} data-kind={change.kind}>
      <button type="button" className="wbc-change-main" title={`${label}\nShow on the canvas what it changed`} onClick={() => void session.history.compare(change.from - 1, change.to)}>
        <span className="wbc-change-icon" aria-hidden="true">
          {Icon ? <Icon size={13} /> : <i className="wbc-change-dot" />}
        </span>
        <span className="wbc-change-label">{label}</span>
        <span className="wbc-change-version">
          v{change.to}
          {isNewest && " · now"}
        </span>
        <span className="wbc-change-who">
          {[byWhom(change.author, change.origin), clockTime(change.at, new Date()), change.undone ? "undone" : ""].filter(Boolean).join(" · ")}
        </span>
        {message && message !== change.label && <span className="wbc-change-message">{message}</span>}
      </button>
      <span className="wbc-change-acts">
        {!change.undone && !isQuiet && (
          <button type="button" className="wb-text-button" data-testid="undo-this" title="Take back this change alone" onClick={() => void session.history.undo(change.groupId)}>
            Undo
          </button>
        )}
        {later.length > 0 && (
          <button
            type="button"
            className="wb-text-button"
            data-testid="undo-to-here"
            title={`Take back the ${later.length === 1 ? "change" : `${later.length} changes`} after this one`}
            onClick={() => void session.history.undoTo(later.at(-1)!)}
          >
            Undo to here
          </button>
        )}
      </span>
    </li>
  );
}

/** Arrows go from row to row. */
export function moveByArrows(event: React.KeyboardEvent<HTMLElement>): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>("[class*=-main]:not(:disabled)")];
  const at = rows.findIndex((row) => row.parentElement?.contains(event.target as Node));
  const next = rows[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  event.stopPropagation();
  next.focus();
}
