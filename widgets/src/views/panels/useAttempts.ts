/** The attempts of the execution in view, when a block needed more than one, and which of them is looked at. */

import { useEffect, useState } from "react";
import type { BlockState, Checkpoint } from "../../core/wire";
import { useSession } from "../session";

export interface Attempts {
  all: readonly Checkpoint[];
  /** Null: the last one, as the canvas shows it. */
  chosen: Checkpoint | null;
  choose(attempt: number): void;
}

const NONE: readonly Checkpoint[] = [];

export function useAttempts(runId: string | null, state: BlockState | null): Attempts {
  const session = useSession();
  const path = state?.lastPath ?? null;
  const last = state?.lastAttempt ?? 1;
  const place = `${runId}/${path}`;
  const [found, setFound] = useState<{ place: string; all: readonly Checkpoint[] }>({ place, all: NONE });
  const [wanted, setWanted] = useState<{ place: string; attempt: number } | null>(null);
  useEffect(() => {
    if (!runId || !path || last < 2) return;
    let left = false;
    session.hub.api.checkpoints(runId, { path, limit: 100 }).then(
      (all) => !left && setFound({ place, all: all.filter((c) => c.path === path).sort((a, b) => a.attempt - b.attempt) }),
      () => undefined,
    );
    return () => {
      left = true;
    };
  }, [session, runId, path, last, place]);
  const all = found.place === place && last > 1 ? found.all : NONE;
  const chosen = wanted?.place === place && wanted.attempt !== last ? (all.find((c) => c.attempt === wanted.attempt) ?? null) : null;
  return { all: all.length > 1 ? all : NONE, chosen, choose: (attempt) => setWanted({ place, attempt }) };
}
