/** A wire, with the chip of the value that went along it. */

import { BaseEdge, EdgeLabelRenderer, Position, type Edge, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { MARKS } from "../../core/compare";
import { wireLook } from "../../core/state";
import { lineOfWire } from "../../core/wirePath";
import { shallow, useCanvas, useSession } from "../session";

/** The room that its first port's name takes, and how far right a wire that leads back goes. */
export type WireEdge = Edge<{ label: number; out?: number }, "wire">;

export const Wire = memo(function Wire(props: EdgeProps<WireEdge>) {
  const { id, sourceX, sourceY, targetX, targetY, sourcePosition, selected, source, sourceHandleId, data } = props;
  const session = useSession();
  const { look, chip } = useCanvas((s) => wireLook(s, id), shallow);
  const ends = { from: { x: sourceX, y: sourceY }, to: { x: targetX, y: targetY }, below: sourcePosition === Position.Bottom };
  const { path, chip: at } = lineOfWire(ends, data?.label, data?.out);
  const mark = useCanvas((s) => s.marks && (s.marks.edges[id] ?? "same"));
  const open = () => {
    session.select([], [id]);
    session.inspect(source, "out", id);
  };
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        interactionWidth={18}
        className={`wbc-wire wbc-wire-${look}${selected ? " wbc-wire-selected" : ""}${sourceHandleId === "error" ? " wbc-wire-error" : ""}${mark ? ` wbc-wire-mark-${mark}` : ""}`}
      />
      {mark && mark !== "same" && (
        <EdgeLabelRenderer>
          <span className={`wbc-wire-sign wbc-sign-${mark}`} style={{ transform: `translate(-50%, -50%) translate(${at.x}px, ${at.y}px)` }} role="img" aria-label={`wire ${MARKS[mark].word}`} title={`This wire was ${MARKS[mark].word}`} data-testid="wire-mark" data-mark={mark}>
            {MARKS[mark].sign}
          </span>
        </EdgeLabelRenderer>
      )}
      {chip && (
        <EdgeLabelRenderer>
          <button
            type="button"
            className="wbc-chip nodrag nopan"
            style={{ maxWidth: at.room, transform: `translate(-50%, -50%) translate(${at.x}px, ${at.y}px)` }}
            title={`${chip}: look at this value (right-click for more)`}
            aria-label={`Value on the wire: ${chip}`}
            data-testid="wire-chip"
            data-edge-id={id}
            tabIndex={-1}
            onClick={open}
            onContextMenu={(event) => {
              event.preventDefault();
              event.stopPropagation();
              session.overlay({ kind: "wire", edgeId: id, at: { x: event.clientX, y: event.clientY } });
            }}
          >
            {chip}
          </button>
        </EdgeLabelRenderer>
      )}
    </>
  );
});
