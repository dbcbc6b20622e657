/** An edit met another one of the same block: both are shown, and the person chooses. */

import { useMemo } from "react";
import { inOneLine, sidesOf } from "../../core/sides";
import { useCanvas, useSession } from "../session";

export function Conflict({ note }: { note: string | null }) {
  const session = useSession();
  const mine = useCanvas((s) => s.flow);
  const theirs = useCanvas((s) => s.theirs);
  const before = useCanvas((s) => s.before);
  const sides = useMemo(() => (theirs && before ? sidesOf(before, mine, theirs) : []), [before, mine, theirs]);
  return (
    <div className="wbc-notice wbc-notice-error wbc-conflict" role="alert" data-testid="conflict">
      <p>{note ?? "This function was changed elsewhere, in the same blocks"}. Nothing is lost: choose what goes on.</p>
      {sides.length > 0 && (
        <div className="wbc-conflict-sides nowheel">
          <table>
            <thead>
              <tr>
                <th scope="col">Block</th>
                <th scope="col">Field</th>
                <th scope="col">Mine</th>
                <th scope="col">Theirs</th>
              </tr>
            </thead>
            <tbody>
              {sides.map((side) => (
                <tr key={`${side.blockId}/${side.field}`} data-testid="conflict-side">
                  <th scope="row">{side.name}</th>
                  <td>{side.field}</td>
                  <td title={inOneLine(side.mine)}>{inOneLine(side.mine)}</td>
                  <td title={inOneLine(side.theirs)}>{inOneLine(side.theirs)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <span className="wbc-banner-acts">
        <button type="button" className="wbc-button wbc-button-primary" onClick={() => session.document.resolve("mine")} title="Put my edits on top of the other state">
          Keep mine
        </button>
        <button type="button" className="wbc-button" onClick={() => session.document.resolve("theirs")} title="Drop my unsaved edits">
          Take theirs
        </button>
      </span>
    </div>
  );
}
