/** A wire, with the chip of the value that went along it. */

import { BaseEdge, EdgeLabelRenderer, getBezierPath, getSmoothStepPath, Position, type Edge, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { wireLook } from "../../core/state";
import { shallow, useCanvas, useSession } from "../session";

export type WireEdge = Edge<Record<string, never>, "wire">;

type Ends = Pick<EdgeProps, "sourceX" | "sourceY" | "sourcePosition" | "targetX" | "targetY" | "targetPosition">;

/** A curve; from a port under a card, straight down and then along, as the branch of a tree. */
function pathOf(ends: Ends): [path: string, labelX: number, labelY: number] {
  const { sourceX: x, sourceY: y, targetX, targetY, sourcePosition } = ends;
  if (sourcePosition !== Position.Bottom) {
    const [path, labelX, labelY] = getBezierPath({ ...ends, curvature: 0.32 });
    return [path, labelX, labelY];
  }
  const r = 10;
  if (targetX > x + r && targetY > y + r) {
    return [`M${x},${y} V${targetY - r} Q${x},${targetY} ${x + r},${targetY} H${targetX}`, (x + targetX) / 2, targetY];
  }
  const [path, labelX, labelY] = getSmoothStepPath({ ...ends, borderRadius: r, offset: 18 });
  return [path, labelX, labelY];
}

export const Wire = memo(function Wire(props: EdgeProps<WireEdge>) {
  const { id, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, selected, source, sourceHandleId } = props;
  const session = useSession();
  const { look, chip } = useCanvas((s) => wireLook(s, id), shallow);
  const ends = { sourceX, sourceY, sourcePosition, targetX, targetY, targetPosition };
  const [path, labelX, labelY] = pathOf(ends);
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
        className={`wbc-wire wbc-wire-${look}${selected ? " wbc-wire-selected" : ""}${sourceHandleId === "error" ? " wbc-wire-error" : ""}`}
      />
      {chip && (
        <EdgeLabelRenderer>
          <button
            type="button"
            className="wbc-chip nodrag nopan"
            style={{ maxWidth: Math.max(92, Math.min(160, Math.abs(targetX - sourceX) - 12)), transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` }}
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
