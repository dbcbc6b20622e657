/** The tinted frame of a scope's region, with its title and the pager that chooses whose values the inside shows. */

import type { NodeProps } from "@xyflow/react";
import { memo, useEffect, useState } from "react";
import { blockById, outputsOf } from "../../core/flow";
import { formatCount, hasEnded } from "../../core/format";
import { nearestFailed, newestIteration } from "../../core/iterations";
import { cachedRegions } from "../../core/regions";
import type { CanvasState } from "../../core/state";
import { BlockIcon } from "../BlockIcon";
import { useCanvas, useSession } from "../session";
import type { FrameNode } from "./geometry";

export const Frame = memo(function Frame({ data }: NodeProps<FrameNode>) {
  const { scopeId, port, depth } = data;
  const session = useSession();
  const name = useCanvas((s) => blockById(s.flow, scopeId)?.name ?? "");
  const icon = useCanvas((s) => s.types.get(blockById(s.flow, scopeId)?.type ?? "")?.icon);
  // A branch is a lane: it bears its own name. Its first port says it, as the card does.
  const label = useCanvas((s) => (port === "body" ? null : laneName(s, scopeId, port)));
  const selectInside = () => {
    const { flow, types } = session.store.get();
    const region = cachedRegions(flow, types).find((r) => r.scopeId === scopeId && r.port === port);
    if (region) session.select([scopeId, ...region.members]);
  };
  return (
    <div className="wbc-frame" data-depth={depth % 2} data-testid="region" data-scope-id={scopeId}>
      <div className="wbc-frame-head">
        <button type="button" className="wbc-frame-title nodrag" title="Select all that is inside" onClick={selectInside} tabIndex={-1}>
          <BlockIcon name={icon} size={13} />
          <span>{label === null ? name : <><span className="wbc-quiet">{name} ›</span> {label}</>}</span>
        </button>
        <Pager scopeId={scopeId} />
      </div>
      <Ticks scopeId={scopeId} />
    </div>
  );
});

function laneName(state: CanvasState, scopeId: string, port: string): string {
  const block = blockById(state.flow, scopeId);
  const found = block && outputsOf(state.types.get(block.type), block).find((p) => p.name === port);
  return found?.label || port.replace(/^branch-/, "");
}

/** What one pass of a scope is called. */
function passWord(type: string | undefined): "iteration" | "attempt" {
  return type === "retry" || type === "error_handler" ? "attempt" : "iteration";
}

/** `‹ 417 / 500 ›`: arrows go through the iterations, a click on the number takes typing, ⟳ follows the newest again. */
function Pager({ scopeId }: { scopeId: string }) {
  const session = useSession();
  const chosen = useCanvas((s) => s.iterations[scopeId] ?? null);
  const total = useCanvas((s) => s.view?.blocks[scopeId]?.total ?? null);
  const done = useCanvas((s) => s.view?.blocks[scopeId]?.done ?? null);
  // Before the scope itself has told of its progress, what runs inside says which iteration it is.
  const newest = useCanvas((s) => (s.view ? Math.max(-1, ...cachedRegions(s.flow, s.types).filter((r) => r.scopeId === scopeId).map((r) => newestIteration(scopeId, r.members, s.view!.blocks))) : -1));
  const running = useCanvas((s) => !hasEnded(s.view?.run.status ?? "completed"));
  const seen = total ?? (Math.max(done ?? 0, newest + 1) || null);
  const [text, setText] = useState<string | null>(null);
  useEffect(() => setText(null), [chosen]);
  const kind = useCanvas((s) => blockById(s.flow, scopeId)?.type);
  // Only a loop goes round for sure: others have a pager once there is something to choose from.
  if (!seen || (kind !== "loop" && seen < 2)) return null;
  const word = passWord(kind);
  const at = chosen ?? Math.max(0, Math.min(seen - 1, Math.max(done ?? 1, newest + 1) - 1));
  const go = (index: number) => void session.running.page(scopeId, Math.max(0, Math.min(seen - 1, index)));
  const type = () => {
    const number = Number.parseInt(text ?? "", 10);
    if (Number.isFinite(number)) go(number - 1);
    setText(null);
  };
  return (
    <span className="wbc-pager nodrag" role="group" aria-label={word === "attempt" ? "Attempt" : "Iteration"} data-testid="pager">
      {word === "attempt" && <span className="wbc-quiet">attempt</span>}
      <button type="button" onClick={() => go(at - 1)} disabled={at <= 0} title={`Previous ${word}`} aria-label={`Previous ${word}`}>
        ‹
      </button>
      <input
        className="nokey"
        value={text ?? formatCount(at + 1)}
        size={Math.max(1, String(seen).length)}
        aria-label={`Number of the ${word}`}
        title="Type a number to jump there"
        onChange={(event) => setText(event.target.value)}
        onFocus={(event) => event.target.select()}
        onBlur={() => text !== null && type()}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Enter") type();
        }}
      />
      <span className="wbc-pager-total">/ {total === null && running ? "…" : formatCount(seen)}</span>
      <button type="button" onClick={() => go(at + 1)} disabled={at >= seen - 1} title={`Next ${word}`} aria-label={`Next ${word}`}>
        ›
      </button>
      {chosen !== null && (
        <button type="button" onClick={() => void session.running.page(scopeId, null)} title={`Follow the newest ${word}`} aria-label={`Follow the newest ${word}`}>
          ⟳
        </button>
      )}
    </span>
  );
}

const NONE: readonly number[] = [];

/** All iterations as a strip to jump to: what is done is filled, what failed is marked. */
function Ticks({ scopeId }: { scopeId: string }) {
  const session = useSession();
  const chosen = useCanvas((s) => s.iterations[scopeId] ?? null);
  const total = useCanvas((s) => s.view?.blocks[scopeId]?.total ?? null);
  const done = useCanvas((s) => s.view?.blocks[scopeId]?.done ?? 0);
  const failed = useCanvas((s) => s.failures[scopeId] ?? NONE);
  useFailures(scopeId);
  if (!total || total < 2) return null;
  const share = (n: number) => `${(100 * n) / total}%`;
  const words = `${formatCount(done)} of ${formatCount(total)} done${failed.length ? `, failed: ${failedWords(failed)}` : ""}: click to jump to an iteration`;
  return (
    <div
      className="wbc-ticks nodrag"
      role="progressbar"
      aria-label={failed.length ? `Iterations done; failed: ${failedWords(failed)}` : "Iterations done"}
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={done}
      title={words}
      style={{ "--wbc-tick": share(1) } as React.CSSProperties}
      data-testid="ticks"
      data-fine={total > 80}
      onClick={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        const at = Math.min(total - 1, (total * (event.clientX - box.left)) / box.width);
        const near = nearestFailed(failed, at, (4 * total) / box.width);
        void session.running.page(scopeId, near ?? Math.floor(at));
      }}
    >
      <span className="wbc-ticks-done" style={{ width: share(done) }} />
      {failed.slice(0, MOST_MARKS).map((index) => (
        <span key={index} className="wbc-ticks-failed" data-testid="tick-failed" data-index={index} style={{ left: share(index), width: `max(3px, ${share(1)})` }} />
      ))}
      {chosen !== null && <span className="wbc-ticks-at" style={{ left: share(chosen), width: share(1) }} />}
    </div>
  );
}

const MOST_MARKS = 400;

function failedWords(failed: readonly number[]): string {
  const shown = failed.slice(0, 8).map((index) => formatCount(index + 1));
  return shown.join(", ") + (failed.length > 8 ? ` and ${failed.length - 8} more` : "");
}

/** Asks which iterations failed, when the number of failures inside has moved. */
function useFailures(scopeId: string): void {
  const session = useSession();
  const stamp = useCanvas((s) => {
    if (!s.view) return "";
    const inside = cachedRegions(s.flow, s.types).filter((r) => r.scopeId === scopeId);
    const count = inside.reduce((sum, region) => [...region.members].reduce((n, id) => n + (s.view?.blocks[id]?.failed ?? 0), sum), 0);
    return count ? `${s.view.run.id} ${count}` : "";
  });
  useEffect(() => {
    if (!stamp) return;
    const timer = setTimeout(() => void session.running.learnFailures(scopeId).catch(() => undefined), 400);
    return () => clearTimeout(timer);
  }, [session, scopeId, stamp]);
}
