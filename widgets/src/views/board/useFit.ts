/** Showing the function: the whole of it, or at first as much as stays readable, from its start. */

import { getNodesBounds, getViewportForBounds, useReactFlow, useStoreApi } from "@xyflow/react";
import { useCallback } from "react";
import type { BoardNode } from "./geometry";
import type { WireEdge } from "./Wire";

const PADDING = 0.06;
const LEAST_ZOOM = 0.1;
/** Below this, cards cannot be read. */
const READABLE = 0.8;

export function useFit(): (mode: "whole" | "readable", duration?: number) => void {
  const { getNodes, setViewport } = useReactFlow<BoardNode, WireEdge>();
  const store = useStoreApi();
  return useCallback(
    (mode, duration = 180) => {
      const nodes = getNodes();
      const { width, height } = store.getState();
      if (!nodes.length || !width || !height) return;
      const bounds = getNodesBounds(nodes);
      const whole = getViewportForBounds(bounds, width, height, LEAST_ZOOM, 1, PADDING);
      if (mode === "whole" || whole.zoom >= READABLE) {
        void setViewport(whole, { duration });
        return;
      }
      const top = bounds.height * READABLE < height ? (height - bounds.height * READABLE) / 2 : 32;
      void setViewport({ x: 32 - bounds.x * READABLE, y: top - bounds.y * READABLE, zoom: READABLE }, { duration });
    },
    [getNodes, setViewport, store],
  );
}
