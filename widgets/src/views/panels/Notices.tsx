/** What the person must know now: a refused act, a conflict. */

import { X } from "lucide-react";
import { useCanvas, useSession } from "../session";

export function Notices() {
  const session = useSession();
  const notice = useCanvas((s) => s.notice);
  const saving = useCanvas((s) => s.saving);
  const note = useCanvas((s) => s.savingNote);
  return (
    <div className="wbc-notices">
      {saving === "conflict" && (
        <div className="wbc-notice wbc-notice-error" role="alert" data-testid="conflict">
          <span>{note ?? "This function was changed elsewhere, in the same blocks."}</span>
          <button type="button" className="wbc-button" onClick={() => session.document.resolve("mine")} title="Put my edits on top of the other state">
            Keep mine
          </button>
          <button type="button" className="wbc-button" onClick={() => session.document.resolve("theirs")} title="Drop my unsaved edits">
            Take theirs
          </button>
        </div>
      )}
      {saving === "refused" && note && (
        <div className="wbc-notice wbc-notice-error" role="alert" data-testid="refused">
          <span>Not saved: {note}</span>
        </div>
      )}
      {notice && (
        <div className={`wbc-notice wbc-notice-${notice.tone}`} role="alert" data-testid="notice">
          <span>
            {notice.text}
            {notice.hint && <span className="wbc-notice-hint"> {notice.hint}</span>}
          </span>
          <button type="button" className="wbc-icon-button" title="Dismiss" aria-label="Dismiss" onClick={() => session.store.set({ notice: null })}>
            <X size={14} aria-hidden="true" />
          </button>
        </div>
      )}
    </div>
  );
}
