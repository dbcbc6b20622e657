/** The breakpoint in a card's left edge: a faint dot to click, or one of the kinds of breakpoint; a right click edits it. */

import { BREAKPOINT_SIGNS, kindOf, wordsOf } from "../../core/breakpoints";
import { keysOf } from "../../core/keymap";
import { breakpointProblem } from "../../core/state";
import { isMac, useCanvas, useSession } from "../session";

export function BreakpointDot({ blockId }: { blockId: string }) {
  const session = useSession();
  const point = useCanvas((s) => s.breakpoints.find((b) => b.blockId === blockId) ?? null);
  const isDisabled = useCanvas((s) => s.flow.blocks.find((b) => b.id === blockId)?.disabled === true);
  const problem = useCanvas((s) => breakpointProblem(s, blockId));
  const kind = kindOf(point, { isDisabled, problem });
  const words = wordsOf(point, { isDisabled, problem }, { toggle: keysOf("breakpoint", isMac), edit: keysOf("editBreakpoint", isMac) });
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
    </button>
  );
}
