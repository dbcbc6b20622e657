/** A note on the board: Markdown to read, a text field while it is written, a corner to make it larger. */

import { useReactFlow, type NodeProps } from "@xyflow/react";
import { memo, useEffect, useRef, useState } from "react";
import { MarkdownView } from "../MarkdownView";
import { useCanvas, useSession } from "../session";
import type { NoteNode } from "./geometry";
import { useLeaving } from "./useLeaving";

const LEAST = { width: 120, height: 56 };

export const NoteCard = memo(function NoteCard({ data }: NodeProps<NoteNode>) {
  const { note } = data;
  const session = useSession();
  const isWriting = useCanvas((s) => s.writing === note.id);
  const write = () => !session.isReadOnly && session.store.set({ writing: note.id });
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (isWriting) return;
    if (event.key === "Enter" || event.key === "F2") write();
    else if (event.key === "Delete" || event.key === "Backspace") {
      session.arranging.removeNote(note.id);
      event.currentTarget.closest<HTMLElement>(".wbc")?.focus({ preventScroll: true });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="wbc-note" data-testid="note" tabIndex={0} role="note" aria-label={`Note: ${note.text.slice(0, 80) || "empty"}. Enter writes, Delete removes.`} onDoubleClick={write} onKeyDown={onKeyDown}>
      {isWriting ? <Writing key={note.id} id={note.id} text={note.text} /> : <Reading text={note.text} />}
      {!isWriting && !session.isReadOnly && (
        <button type="button" className="wbc-note-remove nodrag" tabIndex={-1} title="Remove the note (Del)" aria-label="Remove the note" onClick={() => session.arranging.removeNote(note.id)}>
          ×
        </button>
      )}
      {!session.isReadOnly && <Corner id={note.id} width={note.width} height={note.height} />}
    </div>
  );
});

function Reading({ text }: { text: string }) {
  return <div className="wbc-note-text nowheel">{text.trim() ? <MarkdownView text={text} /> : <span className="wbc-quiet">An empty note: double-click to write</span>}</div>;
}

function Writing({ id, text }: { id: string; text: string }) {
  const session = useSession();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus({ preventScroll: true });
    field.current?.setSelectionRange(text.length, text.length);
  }, [text.length]);
  useLeaving(id, field, (value) => {
    if (value !== text) session.arranging.changeNote(id, { text: value });
  });
  return (
    <textarea
      ref={field}
      className="wbc-note-field nodrag nowheel nopan nokey"
      defaultValue={text}
      placeholder="Markdown: **bold**, # title, - list, `code`"
      aria-label="Text of the note"
      data-testid="note-field"
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key !== "Escape" && !(event.key === "Enter" && (event.ctrlKey || event.metaKey))) return;
        event.preventDefault();
        event.currentTarget.closest<HTMLElement>(".wbc-note")?.focus({ preventScroll: true });
      }}
    />
  );
}

/** Drags the note's size; the flow learns of it when it is let go. */
function Corner({ id, width, height }: { id: string; width: number; height: number }) {
  const session = useSession();
  const { getZoom } = useReactFlow();
  const [from, setFrom] = useState<{ x: number; y: number } | null>(null);
  const size = (event: React.PointerEvent) => ({
    width: Math.round(Math.max(LEAST.width, width + (event.clientX - from!.x) / getZoom()) / 8) * 8,
    height: Math.round(Math.max(LEAST.height, height + (event.clientY - from!.y) / getZoom()) / 8) * 8,
  });
  return (
    <span
      className="wbc-note-corner nodrag nopan"
      aria-hidden="true"
      title="Drag to resize"
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
        setFrom({ x: event.clientX, y: event.clientY });
      }}
      onPointerMove={(event) => {
        if (!from) return;
        const home = event.currentTarget.closest<HTMLElement>(".react-flow__node");
        const to = size(event);
        if (home) Object.assign(home.style, { width: `${to.width}px`, height: `${to.height}px` });
      }}
      onPointerUp={(event) => {
        if (from) session.arranging.changeNote(id, size(event));
        setFrom(null);
      }}
    />
  );
}
