/**
 * Showing the function: the whole of it where cards stay readable, otherwise as much as does, from its start (the overview
 * and the keys lead on). From far, where only shapes are seen, on a second wish. Where two versions lie over each other,
 * what differs comes first.
 */

import { getNodesBounds, getViewportForBounds, useReactFlow, useStoreApi } from "@xyflow/react";
import { useCallback } from "react";
import { useSession } from "../session";
import type { BoardNode } from "./geometry";
import type { WireEdge } from "./Wire";

const PADDING = 0.04;
const LEAST_ZOOM = 0.1;
/** Below this, cards cannot be read. */
export const READABLE = 0.6;
/** How large cards are at least at the start, where not all of them have room. */
const AT_FIRST = 0.8;

export function useFit(): (mode: "whole" | "first", duration?: number) => void {
  const { getNodes, getViewport, setViewport } = useReactFlow<BoardNode, WireEdge>();
  const store = useStoreApi();
  const session = useSession();
  return useCallback(
    (mode, duration = 180) => {
      const nodes = getNodes();
      const { width, height } = store.getState();
      if (!nodes.length || !width || !height) return;
      const bounds = getNodesBounds(nodes);
      const whole = getViewportForBounds(bounds, width, height, LEAST_ZOOM, 1, PADDING);
      if (whole.zoom >= READABLE) {
        void setViewport(whole, { duration });
        return;
      }
      const marks = mode === "first" ? session.store.get().marks?.blocks : undefined;
      const differing = marks ? nodes.filter((node) => (marks[node.id] ?? "same") !== "same") : [];
      if (differing.length) {
        const all = getNodesBounds(differing);
        const hasRoom = all.width * READABLE < width && all.height * READABLE < height;
        const first = differing.reduce((a, b) => (b.position.x < a.position.x ? b : a));
        const shown = hasRoom ? all : getNodesBounds([first]);
        void setViewport(getViewportForBounds(shown, width, height, READABLE, hasRoom ? 1 : AT_FIRST, 2 * PADDING), { duration });
        return;
      }
      const zoom = mode === "whole" ? READABLE : AT_FIRST;
      const top = bounds.height * zoom < height ? (height - bounds.height * zoom) / 2 : 32;
      const start = { x: 32 - bounds.x * zoom, y: top - bounds.y * zoom, zoom };
      const now = getViewport();
      const isThere = Math.abs(now.x - start.x) < 2 && Math.abs(now.y - start.y) < 2 && Math.abs(now.zoom - zoom) < 0.01;
      void setViewport(mode === "whole" && isThere ? whole : start, { duration });
    },
    [getNodes, getViewport, setViewport, store, session],
  );
}
