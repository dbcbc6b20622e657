/** The history of a function, newest first, read again when its version moves; older pages on demand. */

import { useCallback, useEffect, useState } from "react";
import { changesOf, type Change } from "../../core/history";
import type { CommandEntry, Version } from "../../core/wire";
import { useCanvas, useSession } from "../session";

const PAGE = 100;

export interface Changes {
  /** Null until the first answer. */
  changes: readonly Change[] | null;
  /** What versions tell beside that: messages, and the first one. */
  versions: readonly Version[];
  /** Whether there are older ones. */
  isMore: boolean;
  more(): void;
  problem: string | null;
}

export function useChanges(): Changes {
  const session = useSession();
  const version = useCanvas((s) => s.fn?.version ?? 0);
  const [pages, setPages] = useState(1);
  const [found, setFound] = useState<{ entries: CommandEntry[]; versions: Version[]; isMore: boolean } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let left = false;
    const { editing } = session.hub.api;
    const read = async () => {
      const entries: CommandEntry[] = [];
      let cursor: string | null | undefined;
      for (let page = 0; page < pages && cursor !== null; page++) {
        const { entries: some, meta } = await editing.history(session.functionId, { limit: PAGE, ...(cursor ? { cursor } : {}) });
        entries.push(...some);
        cursor = meta.nextCursor ?? null;
      }
      const { versions } = await editing.versions(session.functionId, { limit: 200 });
      if (left) return;
      setFound({ entries, versions, isMore: cursor != null });
      setProblem(null);
    };
    read().catch((cause: unknown) => !left && setProblem(cause instanceof Error ? cause.message : String(cause)));
    return () => {
      left = true;
    };
  }, [session, version, pages]);
  const more = useCallback(() => setPages((n) => n + 1), []);
  return { changes: found && changesOf(found.entries), versions: found?.versions ?? [], isMore: found?.isMore ?? false, more, problem };
}
