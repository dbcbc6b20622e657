/** What a block waits for: until when, and where it is a decision, the decision itself. */

import { useEffect, useState } from "react";
import { waitWords } from "../../core/waits";
import type { Waiting } from "../../core/wire";
import { useCanvas, useSession } from "../session";

/** The time, each second while it matters. */
function useNow(active: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!active) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [active]);
  return now;
}

/** One line that counts down. */
export function WaitLine({ waiting }: { waiting: Waiting }) {
  const now = useNow(true);
  const words = waitWords(waiting, now);
  return (
    <span className="wbc-footnote wbc-tone-waiting" title={words} data-testid="wait-line">
      {words}
    </span>
  );
}

/** The message, a comment, and the two answers; `compact` stands under a card. */
export function Decision({ blockId, waiting, compact = false }: { blockId: string; waiting: Waiting; compact?: boolean }) {
  const session = useSession();
  const busy = useCanvas((s) => s.busy);
  const [comment, setComment] = useState("");
  const now = useNow(true);
  const decide = (decision: "approve" | "reject") => void session.running.decide(blockId, decision, comment);
  const message = waiting.message && waiting.message !== waiting.title ? waiting.message : null;
  return (
    <div className={`wbc-decision nodrag nopan nokey${compact ? " wbc-decision-card" : ""}`} role="group" aria-label={`Decision: ${waiting.title ?? "approval"}`} data-testid="decision" onDoubleClick={(event) => event.stopPropagation()}>
      {!compact && waiting.title && <strong>{waiting.title}</strong>}
      {message && (
        <p className="wbc-decision-message" title={message}>
          {message}
        </p>
      )}
      <input
        className="wbc-field"
        value={comment}
        placeholder="Comment (optional)"
        aria-label="Comment"
        data-testid="decision-comment"
        maxLength={2000}
        onChange={(event) => setComment(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.closest<HTMLElement>(".wbc")?.focus();
          event.stopPropagation();
        }}
      />
      <div className="wbc-decision-acts">
        <button type="button" className="wbc-button wbc-button-primary" disabled={busy !== null} data-testid="approve" onClick={() => decide("approve")}>
          Approve
        </button>
        <button type="button" className="wbc-button" disabled={busy !== null} data-testid="reject" onClick={() => decide("reject")}>
          Reject
        </button>
        <span className="wbc-quiet" title={`${waitWords(waiting, now, true)}: then it is over without a decision`}>
          {compact ? waitWords(waiting, now, true).replace(" left", "") : waitWords(waiting, now, true)}
        </span>
      </div>
    </div>
  );
}
