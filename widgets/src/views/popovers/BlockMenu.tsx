/** What can be done with a block: look at it, run again from it, go into the function that it calls. */

import { mayFork } from "../../core/again";
import { blockById } from "../../core/flow";
import { keysOf } from "../../core/keymap";
import { isMac, useCanvas, useSession } from "../session";
import { Popover, type Place } from "./Popover";

export function BlockMenu({ blockId, at, onClose }: { blockId: string; at: Place; onClose: () => void }) {
  const session = useSession();
  const block = useCanvas((s) => blockById(s.flow, blockId));
  const run = useCanvas((s) => s.view?.run ?? null);
  const place = session.running.placeOf(blockId);
  if (!block) return null;
  const act = (what: () => void) => () => {
    onClose();
    what();
  };
  const item = (label: string, action: string | null, what: () => void, more: { testId: string; title?: string; disabled?: boolean }) => (
    <button type="button" role="menuitem" data-testid={more.testId} title={more.title} disabled={more.disabled} onClick={act(what)}>
      {label} {action && <kbd>{keysOf(action, isMac)}</kbd>}
    </button>
  );
  const ended = mayFork(run);
  const why = !run ? "Run the function first" : ended ? undefined : "The run still goes on";
  return (
    <Popover at={at} label={`“${block.name}”`} testId="block-menu" isMenu onClose={onClose}>
      {block.type === "subflow" && item("Open the function", null, () => void session.openInner(blockId), { testId: "menu-open", title: "Look into the function that it calls" })}
      {item("Open config", "config", () => session.inspect(blockId, "config"), { testId: "menu-config" })}
      {!session.isReadOnly && (
        <>
          {item("Run again from here", null, () => void session.running.retry({ fromBlockId: blockId }), {
            testId: "menu-again",
            title: why ?? "A new run: what came before this block is reused",
            disabled: !ended,
          })}
          {block.type === "checkpoint" &&
            item("Go on from this restore point", null, () => void session.running.forkAt(blockId), {
              testId: "menu-restore",
              title: why ?? "A new run that shares all that was done up to this point",
              disabled: !ended || !place,
            })}
          {item("Breakpoint…", "editBreakpoint", () => setTimeout(() => session.overlay({ kind: "breakpoint", blockId, at })), { testId: "menu-breakpoint" })}
          {item("Duplicate", "duplicate", () => (session.select([blockId]), session.copying.duplicate()), { testId: "menu-duplicate" })}
          {item("Remove", "remove", () => (session.select([blockId]), session.removeSelected()), { testId: "menu-remove" })}
        </>
      )}
    </Popover>
  );
}
