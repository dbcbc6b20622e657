/** The titled frame around a group's blocks: a click on the title chooses them, a padlock keeps them as they are. */

import type { NodeProps } from "@xyflow/react";
import { Lock, LockOpen, Ungroup } from "lucide-react";
import { memo, useEffect, useRef } from "react";
import { useCanvas, useSession } from "../session";
import type { GroupNode } from "./geometry";
import { useLeaving } from "./useLeaving";

export const GroupFrame = memo(function GroupFrame({ data }: NodeProps<GroupNode>) {
  const { group } = data;
  const session = useSession();
  const isWriting = useCanvas((s) => s.writing === group.id);
  const { arranging } = session;
  const title = group.title || "untitled";
  return (
    <div className={`wbc-group${group.locked ? " wbc-group-locked" : ""}`} data-testid="group" data-locked={group.locked}>
      <div className="wbc-group-head nodrag">
        {isWriting ? (
          <TitleField id={group.id} title={group.title} />
        ) : (
          <button type="button" className="wbc-group-title" title="Choose what is in it; double-click to rename" data-testid="group-title" onClick={() => session.select(group.blockIds)} onDoubleClick={() => !session.isReadOnly && session.store.set({ writing: group.id })}>
            {title}
          </button>
        )}
        {!session.isReadOnly && (
          <span className="wbc-group-acts">
            <button type="button" title={group.locked ? "Unlock the group" : "Lock: its blocks can be neither moved nor changed"} aria-label={`${group.locked ? "Unlock" : "Lock"} the group ${title}`} aria-pressed={group.locked} data-testid="group-lock" onClick={() => arranging.changeGroup(group.id, { locked: !group.locked })}>
              {group.locked ? <Lock size={12} aria-hidden="true" /> : <LockOpen size={12} aria-hidden="true" />}
            </button>
            <button type="button" title="Take the frame away; its blocks stay" aria-label={`Ungroup ${title}`} data-testid="group-remove" onClick={() => arranging.ungroup(group.id)}>
              <Ungroup size={12} aria-hidden="true" />
            </button>
          </span>
        )}
      </div>
    </div>
  );
});

function TitleField({ id, title }: { id: string; title: string }) {
  const session = useSession();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  const leave = useLeaving(id, field, (value) => {
    const wanted = value.trim();
    if (wanted && wanted !== title) session.arranging.changeGroup(id, { title: wanted });
  });
  return (
    <input
      ref={field}
      className="wbc-name-field wbc-group-field nokey"
      defaultValue={title}
      maxLength={200}
      autoFocus
      aria-label="Title of the group"
      data-testid="group-title-field"
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key !== "Enter" && event.key !== "Escape") return;
        leave(event.key === "Enter" ? event.currentTarget.value : title);
        event.currentTarget.closest<HTMLElement>(".wbc")?.focus({ preventScroll: true });
      }}
    />
  );
}
