/** What the person must know of the run in view before reading it: held, dead, or a look at the past; always with the next step. */

import { useState, type ReactNode } from "react";
import { pausedQueue } from "../../core/again";
import { blockById } from "../../core/flow";
import { keysOf } from "../../core/keymap";
import { pausedInside } from "../../core/state";
import { isMac, useCanvas, useSession } from "../session";

export function RunBanner() {
  const run = useCanvas((s) => s.view?.run ?? null);
  const isPast = useCanvas((s) => s.view?.debug?.isPast === true);
  const discarded = useCanvas((s) => s.discarded);
  const call = useCanvas(pausedInside);
  if (isPast) return <Past />;
  if (call) return <InsideCall blockId={call} />;
  if (run?.status === "dead_letter" && run.id !== discarded) return <DeadLetter key={run.id} message={run.error?.message ?? "it was interrupted too often in the same block"} />;
  if (run?.status === "pending") return <Held reason={run.pendingReason ?? null} />;
  return null;
}

function Banner({ tone, testId, children }: { tone: "quiet" | "warn" | "error"; testId: string; children: ReactNode }) {
  return (
    <div className={`wbc-banner wbc-banner-${tone}`} role="status" data-testid={testId}>
      {children}
    </div>
  );
}

function Past() {
  return (
    <Banner tone="quiet" testId="past-banner">
      <span aria-hidden="true">↶</span>
      <span>
        You look at the past. The next step continues in a new run <span className="wbc-quiet">({keysOf("over", isMac)} steps, {keysOf("debug", isMac)} continues, {keysOf("back", isMac)} goes further back)</span>
      </span>
    </Banner>
  );
}

function InsideCall({ blockId }: { blockId: string }) {
  const session = useSession();
  const name = useCanvas((s) => blockById(s.flow, blockId)?.name ?? blockId);
  return (
    <Banner tone="quiet" testId="inside-banner">
      <span>
        Paused inside the function that <strong>{name}</strong> calls.
      </span>
      <span className="wbc-banner-acts">
        <button type="button" className="wbc-button" data-testid="inside-open" onClick={() => void session.openInner(blockId)}>
          Look inside
        </button>
      </span>
    </Banner>
  );
}

function DeadLetter({ message }: { message: string }) {
  const session = useSession();
  const busy = useCanvas((s) => s.busy);
  const [sure, setSure] = useState(false);
  return (
    <Banner tone="error" testId="dead-letter">
      <span>
        <strong>In the dead letter.</strong> {message}
        <span className="wbc-quiet"> It is not taken up again by itself.</span>
      </span>
      <span className="wbc-banner-acts">
        <button type="button" className="wbc-button wbc-button-primary" disabled={busy !== null} title="Go on from the last finished block, with fresh recoveries" data-testid="dead-letter-retry" onClick={() => void session.running.retry()}>
          Retry
        </button>
        <button
          type="button"
          className="wbc-button"
          disabled={busy !== null}
          title="Take it off the dead letter list; its history stays"
          data-testid="dead-letter-discard"
          onClick={() => (sure ? void session.running.discard() : setSure(true))}
          onBlur={() => setSure(false)}
        >
          {sure ? "Really discard?" : "Discard"}
        </button>
      </span>
    </Banner>
  );
}

function Held({ reason }: { reason: string | null }) {
  const session = useSession();
  const busy = useCanvas((s) => s.busy);
  const whose = pausedQueue(reason);
  return (
    <Banner tone="warn" testId="held-banner">
      <span>
        <strong>Held.</strong> {reason ? sentence(reason) : "It waits for its turn in the queue."}
      </span>
      {whose && (
        <span className="wbc-banner-acts">
          <button type="button" className="wbc-button" disabled={busy !== null} data-testid="queue-resume" title={whose === "function" ? "Let this function's runs start again" : "Let all runs of the server start again"} onClick={() => void session.running.resumeQueue(whose)}>
            Resume
          </button>
        </span>
      )}
    </Banner>
  );
}

/** `paused: the queue is paused` → `The queue is paused.` */
function sentence(reason: string): string {
  const said = reason.replace(/^[a-z]+: /, "");
  return `${said[0]?.toUpperCase() ?? ""}${said.slice(1)}${/[.)]$/.test(said) ? "" : "."}`;
}
