/** The breakpoint in a card's left edge: a faint dot to click, or one of the kinds of breakpoint; a right click edits it. */

import { BREAKPOINT_SIGNS, kindOfAll, wordsOfAll } from "../../core/breakpoints";
import { keysOf } from "../../core/keymap";
import { breakpointProblem } from "../../core/state";
import { isMac, shallow, useCanvas, useSession } from "../session";

export function BreakpointDot({ blockId }: { blockId: string }) {
  const session = useSession();
  const points = useCanvas((s) => s.breakpoints.filter((b) => b.blockId === blockId), shallow);
  const isDisabled = useCanvas((s) => s.flow.blocks.find((b) => b.id === blockId)?.disabled === true);
  const problem = useCanvas((s) => breakpointProblem(s, blockId));
  const kind = kindOfAll(points, { isDisabled, problem });
  const words = wordsOfAll(points, { isDisabled, problem }, { toggle: keysOf("breakpoint", isMac), edit: keysOf("editBreakpoint", isMac) });
  return (
    <button
      type="button"
      className={`wbc-breakpoint wbc-breakpoint-${kind} nodrag`}
      data-testid="breakpoint"
      data-kind={kind}
      aria-pressed={kind !== "none"}
      aria-label={words}
      title={words}
      tabIndex={-1}
      onClick={(event) => {
        event.stopPropagation();
        void session.running.toggleBreakpoint(blockId);
      }}
      onDoubleClick={(event) => event.stopPropagation()}
      onContextMenu={(event) => {
        event.preventDefault();
        event.stopPropagation();
        session.select([blockId]);
        session.overlay({ kind: "breakpoint", blockId, at: { x: event.clientX + 8, y: event.clientY + 8 } });
      }}
    >
      <span aria-hidden="true">{BREAKPOINT_SIGNS[kind]}</span>
      {points.length > 1 && (
        <span className="wbc-breakpoint-count" aria-hidden="true">
          {points.length}
        </span>
      )}
    </button>
  );
}
