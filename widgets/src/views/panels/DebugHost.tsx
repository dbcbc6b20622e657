/** The strip at the bottom while a debug run goes on: where it stands, its variables, watches and log breakpoints. */

import { useEffect, useMemo, useState } from "react";
import { blockById } from "../../core/flow";
import { hasEnded } from "../../core/format";
import { hintsFor } from "../../core/hints";
import type { Json } from "../../core/wire";
import { DebugPanel, type ConsoleLine } from "../inspector/DebugPanel";
import { useCanvas, useSession } from "../session";
import { useHistory } from "./useHistory";

export function DebugHost() {
  const open = useCanvas((s) => s.view?.run.debug === true && !hasEnded(s.view.run.status));
  return open ? <Strip /> : null;
}

function Strip() {
  const session = useSession();
  const view = useCanvas((s) => s.view);
  const flow = useCanvas((s) => s.flow);
  const types = useCanvas((s) => s.types);
  const functions = useCanvas((s) => s.functions);
  const [watches, setWatches] = useState<string[]>([]);
  const [folded, setFolded] = useState(false);
  const debug = view?.debug ?? null;
  const stamp = `${view?.run.id} ${debug?.status} ${debug?.path} ${debug?.when} ${JSON.stringify(debug?.variables ?? {}).length}`;
  const history = useHistory(view?.run.id ?? null, debug?.path ?? null, stamp);
  const lines = useConsole(view?.run.id ?? null, stamp);
  const hints = useMemo(
    () => (debug?.blockId ? hintsFor(flow, types, functions, debug.blockId, view, debug.variables) : undefined),
    [debug, flow, types, functions, view],
  );
  const setVariable = (name: string, value: Json) =>
    debug?.names && name in debug.names && !(name in debug.variables)
      ? Promise.reject(new Error(`${name} comes from the loop around the block and cannot be set here`))
      : session.running.setVariable(name, value);
  const pick = (blockId: string) => blockById(flow, blockId) && session.select([blockId]);
  return (
    <div className={`wbc-debug${folded ? " wbc-debug-folded" : ""}`} data-testid="debug-strip">
      <button
        type="button"
        className="wbc-debug-fold"
        title={folded ? "Show the call stack, variables and watches" : "Fold to one line"}
        aria-label={folded ? "Show the debugger" : "Fold the debugger"}
        aria-expanded={!folded}
        data-testid="debug-fold"
        onClick={() => setFolded(!folded)}
      >
        <span aria-hidden="true">{folded ? "▴" : "▾"}</span>
      </button>
      <DebugPanel
        status={debug?.status ?? view?.run.status ?? "running"}
        when={debug?.when ?? null}
        callStack={[...(debug?.callStack ?? [])]
          .sort((a, b) => a.path.split("/").length - b.path.split("/").length)
          .map((frame) => ({ ...frame, path: frame.iteration == null ? frame.path : `${frame.path}[${frame.iteration}]`, name: (frame.functionId && frame.functionId !== session.functionId ? null : blockById(flow, frame.blockId)?.name) ?? frame.name }))}
        path={debug?.path ?? null}
        variables={{ ...debug?.names, ...debug?.variables }}
        stamp={stamp}
        watches={watches}
        console={lines}
        history={history}
        {...(hints ? { hints } : {})}
        onWatches={setWatches}
        evaluate={(expression) => session.running.evaluate(expression)}
        onSetVariable={(name, value) => setVariable(name, value as Json)}
        onPickFrame={(frame) => pick(frame.blockId)}
        onPickStep={(step) => pick(history.find((h) => h.id === step.id)?.blockId ?? "")}
        onPickBlock={pick}
      />
    </div>
  );
}

/** What log breakpoints wrote. */
function useConsole(runId: string | null, stamp: string): ConsoleLine[] {
  const session = useSession();
  const [lines, setLines] = useState<ConsoleLine[]>([]);
  useEffect(() => {
    if (!runId) return;
    let left = false;
    session.hub.api.logs(runId).then(
      ({ entries }) => {
        if (left) return;
        const { flow } = session.store.get();
        setLines(
          entries.flatMap((e) => (e.blockId ? [{ at: e.at, blockId: e.blockId, blockName: blockById(flow, e.blockId)?.name ?? e.blockId, message: e.message }] : [])),
        );
      },
      () => undefined,
    );
    return () => {
      left = true;
    };
  }, [session, runId, stamp]);
  return lines;
}
