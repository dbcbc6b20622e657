/** What expressions at a block see, with the columns and fields of the values that the run in view has upstream. */

import { useEffect, useMemo } from "react";
import { hintsFor, upstreamOf } from "../core/hints";
import type { ScopeHints } from "../core/inspector/types";
import { useCanvas, useSession } from "./session";

export function useHints(blockId: string | null): ScopeHints | undefined {
  const session = useSession();
  const flow = useCanvas((s) => s.flow);
  const types = useCanvas((s) => s.types);
  const functions = useCanvas((s) => s.functions);
  const view = useCanvas((s) => s.view);
  const fields = useCanvas((s) => s.fields);
  const variables = view?.debug?.variables;
  const runId = view?.run.id;
  const done = useMemo(
    () => (blockId ? upstreamOf(flow, blockId).filter((id) => view?.blocks[id]?.status === "completed").join(" ") : ""),
    [flow, blockId, view],
  );
  useEffect(() => {
    for (const id of done.split(" ").filter(Boolean)) session.running.learnFields(id);
  }, [session, done, runId]);
  return useMemo(
    () => (blockId ? hintsFor(flow, types, functions, blockId, view, variables, fields) : undefined),
    [blockId, flow, types, functions, view, variables, fields],
  );
}
