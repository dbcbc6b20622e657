/** The line at the bottom: problems, what the run did, its time, and whether the canvas is live. */

import { GitFork } from "lucide-react";
import { formatMs, hasEnded, lookOf, runLook, runWord } from "../../core/format";
import { doneByThen } from "../../core/past";
import { countStates } from "../../core/runview";
import type { Problem } from "../../core/wire";
import { Sign } from "../Sign";
import { shallow, useCanvas, useSession } from "../session";
import { ProblemsList } from "../inspector/ProblemsList";
import { Clock } from "./Clock";

export function StatusLine() {
  return (
    <div className="wbc-status" data-testid="status-line">
      <Problems />
      <RunWords />
      <span className="wbc-space" />
      <Live />
    </div>
  );
}

function Problems() {
  const session = useSession();
  const validation = useCanvas((s) => s.validation);
  const open = useCanvas((s) => s.overlay?.kind === "problems");
  if (!validation) return <span className="wbc-status-part wbc-quiet">checking…</span>;
  const errors = validation.errors.length;
  const warnings = validation.warnings.length;
  const words = [errors && `${errors} ${errors === 1 ? "problem" : "problems"}`, warnings && `${warnings} ${warnings === 1 ? "warning" : "warnings"}`].filter(Boolean).join(", ");
  const goTo = (problem: Problem) => {
    const edge = problem.edgeId ? session.store.get().flow.edges.find((e) => e.id === problem.edgeId) : undefined;
    const blockId = problem.blockId ?? edge?.target;
    if (blockId) session.select([blockId], edge ? [edge.id] : []);
    if (problem.blockId) session.inspect(problem.blockId, "config");
  };
  const names = new Map(session.store.get().flow.blocks.map((b) => [b.id, b.name]));
  return (
    <>
      <button
        type="button"
        className={`wbc-status-part ${errors ? "wbc-tone-failed" : warnings ? "wbc-tone-paused" : "wbc-tone-done"}`}
        title="Show the problems"
        aria-expanded={open}
        data-testid="problems"
        data-errors={errors}
        onClick={() => session.overlay(open ? null : { kind: "problems" })}
      >
        <span aria-hidden="true">{errors ? "✕" : warnings ? "!" : "✓"}</span> <span className="wbc-status-words">{words || "no problems"}</span>
      </button>
      {open && (
        <div
          className="wbc-problems"
          role="dialog"
          aria-label="Problems"
          data-testid="problems-list"
          onKeyDown={(event) => event.key === "Escape" && (event.stopPropagation(), session.overlay(null))}
        >
          <ProblemsList
            problems={[...validation.errors, ...validation.warnings].map((p) => ({ ...p, blockName: p.blockId ? (names.get(p.blockId) ?? null) : null }))}
            onPick={(problem) => goTo(problem as Problem)}
            onFix={(problem) => session.applyFix(problem as Problem)}
          />
        </div>
      )}
    </>
  );
}

function RunWords() {
  const session = useSession();
  const view = useCanvas((s) => s.view);
  const stale = useCanvas((s) => (s.view && s.fn && s.view.run.version !== s.fn.version ? s.view.run.version : null));
  const done = useCanvas(doneByThen);
  if (!view) return <span className="wbc-status-part wbc-quiet">not run yet</span>;
  const { run } = view;
  const counts = countStates(view, done);
  const reused = Object.values(view.blocks).filter((b) => lookOf(b) === "reused" && done?.has(b.blockId) !== false).length;
  const parts = [
    counts.completed && `${counts.completed} done${reused ? ` (${reused} reused)` : ""}`,
    counts.running && `${counts.running} running`,
    counts.waiting && `${counts.waiting} waiting`,
    counts.failed && `${counts.failed} failed`,
    counts.skipped && `${counts.skipped} skipped`,
  ].filter(Boolean);
  const look = runLook(run.status);
  return (
    <>
      <span className={`wbc-status-part wbc-tone-${look}`} role="status" data-testid="run-status" data-status={run.status} title={run.error?.message ?? `Run ${run.id}`}>
        <span aria-hidden="true"><Sign look={look} size={11} /></span> {runWord(run.status)}
        {stale !== null && <span className="wbc-quiet"> · of v{stale}</span>}
      </span>
      {run.attempt > 1 && (
        <span className="wbc-status-part" title={`Attempt ${run.attempt} of this run: what earlier attempts finished was reused`} data-testid="attempt">
          attempt {run.attempt}
        </span>
      )}
      {run.durability === "relaxed" && (
        <span className="wbc-status-part wbc-tag" title="All checkpoints reach the disk late: after a crash an effect may run again" data-testid="relaxed">
          relaxed
        </span>
      )}
      {run.forkedFrom && (
        <button type="button" className="wbc-status-part wbc-link" title={`Show the run that this one was forked from (${run.forkedFrom.runId})`} data-testid="forked-from" onClick={() => void session.running.showById(run.forkedFrom!.runId)}>
          <GitFork size={11} aria-hidden="true" /> forked
        </button>
      )}
      {parts.length > 0 && <span className="wbc-status-part wbc-status-more">{parts.join(" · ")}</span>}
      <span className="wbc-status-part wbc-status-more">
        {hasEnded(run.status) ? formatMs(run.runMs ?? 0) : <Clock since={run.startedAt ?? run.createdAt} />}
        {run.queueMs != null && <span className="wbc-quiet"> (queue {formatMs(run.queueMs)})</span>}
      </span>
    </>
  );
}

function Live() {
  const session = useSession();
  const { connection, saving } = useCanvas((s) => ({ connection: s.connection, saving: s.saving }), shallow);
  const words = { live: "live", connecting: "connecting…", lost: saving === "saved" ? "connection lost, retrying" : "connection lost, edits kept" }[connection];
  return (
    <button
      type="button"
      className={`wbc-status-part wbc-live wbc-live-${connection}`}
      title={connection === "lost" ? "Try again now" : "What others change here shows at once"}
      data-testid="connection"
      data-connection={connection}
      onClick={() => {
        session.hub.events.retry();
        session.document.retryNow();
      }}
    >
      {words} <span aria-hidden="true">{connection === "live" ? "●" : connection === "lost" ? "○" : "◌"}</span>
    </button>
  );
}
