/** The small map of the whole function, in the colours of the run in view. */

import { MiniMap } from "@xyflow/react";
import { useCallback } from "react";
import { lookOf } from "../../core/format";
import { shownState } from "../../core/state";
import { useCanvas, useSession } from "../session";
import type { BoardNode } from "./geometry";

export function Overview() {
  const session = useSession();
  const view = useCanvas((s) => s.view);
  const iterations = useCanvas((s) => s.iterationStates);
  // A new function is what makes the map look at its colours again.
  const classOf = useCallback((node: BoardNode) => miniClass(node, session.store.get()), [session, view, iterations]);
  return <MiniMap<BoardNode> className="wbc-minimap" pannable zoomable ariaLabel="Overview" nodeClassName={classOf} />;
}

function miniClass(node: BoardNode, state: Parameters<typeof shownState>[0]): string {
  if (node.type !== "card") return "wbc-mini-frame";
  const found = shownState(state, node.id);
  return `wbc-mini-${found ? lookOf(found) : "idle"}`;
}
