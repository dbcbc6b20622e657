/** A run's steps so far, for the debugger's strip. */

import { useEffect, useState } from "react";
import { blockById } from "../../core/flow";
import { doneByThen } from "../../core/past";
import { useSession } from "../session";
import type { HistoryStep } from "../inspector/StepStrip";

const SHOWN = 120;

export interface Step extends HistoryStep {
  blockId: string;
}

export function useHistory(runId: string | null, path: string | null, stamp: string): Step[] {
  const session = useSession();
  const [steps, setSteps] = useState<Step[]>([]);
  useEffect(() => {
    if (!runId) return;
    let left = false;
    session.hub.api.checkpoints(runId, { limit: SHOWN }).then(
      (checkpoints) => {
        if (left) return;
        const { flow } = session.store.get();
        const reached = doneByThen(session.store.get());
        const name = (id: string) => blockById(flow, id)?.name ?? id;
        const done: Step[] = checkpoints
          .filter((c) => c.path !== path && reached?.has(c.blockId) !== false)
          .map((c) => ({ id: c.id, blockId: c.blockId, label: `${name(c.blockId)} · ${c.path}`, status: c.status }));
        const at = path?.split("/").at(-1) ?? "";
        setSteps(path ? [...done, { id: `at:${path}`, blockId: at, label: name(at), status: "paused", current: true }] : done);
      },
      () => undefined,
    );
    return () => {
      left = true;
    };
  }, [session, runId, path, stamp]);
  return steps;
}
