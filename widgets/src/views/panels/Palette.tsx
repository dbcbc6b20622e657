/** The rail on the left: `+`, and the block types by category, to drag onto the board or to add by a click. */

import { Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { keysOf } from "../../core/keymap";
import { BlockIcon } from "../BlockIcon";
import { DRAG_TYPE } from "../board/Board";
import { isMac, useCanvas, useSession } from "../session";
import { CATEGORIES } from "./categories";

export function Palette() {
  const session = useSession();
  const types = useCanvas((s) => s.types);
  const locked = useCanvas((s) => s.locked);
  const [open, setOpen] = useState<string | null>(null);
  const groups = useMemo(
    () =>
      CATEGORIES.map((c) => ({ ...c, types: [...types.values()].filter((t) => t.category === c.id) })).filter((c) => c.types.length),
    [types],
  );
  const shown = locked ? undefined : groups.find((g) => g.id === open);
  const add = (type: string) => {
    session.addBlock(type, null, session.freeOutput());
    setOpen(null);
  };
  return (
    <nav className="wbc-rail" aria-label="Blocks" onMouseLeave={() => setOpen(null)} onKeyDown={(event) => event.key === "Escape" && open && (event.stopPropagation(), setOpen(null))}>
      <button
        type="button"
        className="wbc-rail-add"
        disabled={locked}
        title={locked ? "Locked: unlock to add blocks" : `Add a block (${keysOf("add", isMac)})`}
        aria-label="Add a block"
        data-testid="add-block"
        onClick={() => session.overlay({ kind: "add", after: session.freeOutput(), at: null })}
      >
        <Plus size={18} strokeWidth={2} aria-hidden="true" />
      </button>
      {groups.map((group) => (
        <button
          key={group.id}
          type="button"
          className="wbc-rail-group"
          disabled={locked}
          title={locked ? "Locked: unlock to add blocks" : group.title}
          aria-label={`${group.title} blocks`}
          aria-expanded={shown === group}
          data-testid={`palette-${group.id}`}
          onMouseEnter={() => open && setOpen(group.id)}
          onClick={() => setOpen(open === group.id ? null : group.id)}
        >
          <BlockIcon name={group.icon} size={17} />
        </button>
      ))}
      {shown && (
        <div className="wbc-flyout" role="group" aria-label={`${shown.title} blocks`} data-testid="palette-flyout">
          <div className="wbc-pick-group">{shown.title}</div>
          {shown.types.map((type) => (
            <button
              key={type.type}
              type="button"
              className="wbc-flyout-item"
              draggable={!type.disabledReason}
              disabled={Boolean(type.disabledReason)}
              title={type.disabledReason ?? `${type.summary} Drag it onto the board, or press Enter.`}
              data-testid="palette-block"
              data-block-type={type.type}
              onClick={() => add(type.type)}
              onDragStart={(event) => {
                event.dataTransfer.setData(DRAG_TYPE, type.type);
                event.dataTransfer.effectAllowed = "copy";
              }}
              onDragEnd={() => setOpen(null)}
            >
              <span className="wbc-pick-icon">
                <BlockIcon name={type.icon} />
              </span>
              <span>
                <span className="wbc-pick-title">{type.title}</span>
                <span className="wbc-flyout-line">{type.disabledReason ?? type.summary}</span>
              </span>
            </button>
          ))}
        </div>
      )}
    </nav>
  );
}
