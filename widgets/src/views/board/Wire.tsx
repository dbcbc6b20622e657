/** A wire, with the chip of the value that went along it. */

import { BaseEdge, EdgeLabelRenderer, getBezierPath, getSmoothStepPath, Position, type Edge, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { wireLook } from "../../core/state";
import { shallow, useCanvas, useSession } from "../session";

export type WireEdge = Edge<Record<string, never>, "wire">;

export const Wire = memo(function Wire(props: EdgeProps<WireEdge>) {
  const { id, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, selected, source, sourceHandleId } = props;
  const session = useSession();
  const { look, chip } = useCanvas((s) => wireLook(s, id), shallow);
  const ends = { sourceX, sourceY, sourcePosition, targetX, targetY, targetPosition };
  const [path, labelX, labelY] =
    sourcePosition === Position.Bottom ? getSmoothStepPath({ ...ends, borderRadius: 10, offset: 18 }) : getBezierPath({ ...ends, curvature: 0.32 });
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
            style={{ transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` }}
            title={`${chip}: look at this value`}
            aria-label={`Value on the wire: ${chip}`}
            data-testid="wire-chip"
            data-edge-id={id}
            tabIndex={-1}
            onClick={open}
          >
            {chip}
          </button>
        </EdgeLabelRenderer>
      )}
    </>
  );
});
