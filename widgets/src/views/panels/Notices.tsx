/** What the person must know now: a refused act, a conflict. */

import { X } from "lucide-react";
import { useCanvas, useSession } from "../session";
import { Conflict } from "./Conflict";

export function Notices() {
  const session = useSession();
  const notice = useCanvas((s) => s.notice);
  const saving = useCanvas((s) => s.saving);
  const note = useCanvas((s) => s.savingNote);
  return (
    <div className="wbc-notices">
      {saving === "conflict" && (
        <Conflict note={note} />
      )}
      {saving === "refused" && note && (
        <div className="wbc-notice wbc-notice-error" role="alert" data-testid="refused">
          <span>Not saved: {note}</span>
          <button type="button" className="wbc-button" data-testid="give-up" onClick={() => session.document.giveUp()} title="Show the function as it is saved">
            Take it back
          </button>
        </div>
      )}
      {notice && (
        <div className={`wbc-notice wbc-notice-${notice.tone}`} role="alert" data-testid="notice">
          <span>
            {notice.text}
            {notice.hint && <span className="wbc-notice-hint"> {notice.hint}</span>}
          </span>
          {notice.standing?.groupId && (
            <button type="button" className="wbc-button" data-testid="undo-standing" title="Take back what came after it, then try again" onClick={() => void session.history.undo(notice.standing!.groupId!)}>
              Undo that first
            </button>
          )}
          <button type="button" className="wbc-icon-button" title="Dismiss" aria-label="Dismiss" onClick={() => session.store.set({ notice: null })}>
            <X size={14} aria-hidden="true" />
          </button>
        </div>
      )}
    </div>
  );
}
