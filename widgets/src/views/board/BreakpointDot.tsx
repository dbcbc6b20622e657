/** The breakpoint in a card's left edge: a faint dot to click, or one of the kinds of breakpoint. */

import { useCanvas, useSession } from "../session";
import { keysOf } from "../../core/keymap";

export function BreakpointDot({ blockId }: { blockId: string }) {
  const session = useSession();
  const point = useCanvas((s) => s.breakpoints.find((b) => b.blockId === blockId) ?? null);
  const disabled = useCanvas((s) => s.flow.blocks.find((b) => b.id === blockId)?.disabled === true);
  const kind = !point ? "none" : disabled ? "never" : point.enabled === false ? "off" : point.logMessage ? "log" : point.condition || point.hitCount ? "conditional" : "on";
  const words = {
    none: `Set a breakpoint (${keysOf("breakpoint")})`,
    on: "Breakpoint: pauses before this block",
    off: "Breakpoint, switched off",
    conditional: `Breakpoint if ${point?.condition ?? `hit ${point?.hitCount} times`}`,
    log: `Logs: ${point?.logMessage ?? ""}`,
    never: "Cannot be hit: the block is disabled",
  }[kind];
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
    >
      <span aria-hidden="true">{{ none: "", on: "", off: "", conditional: "◐", log: "▤", never: "✕" }[kind]}</span>
    </button>
  );
}
