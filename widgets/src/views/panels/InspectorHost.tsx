/** Feeds the inspector from the session: the block, what it was given and gave in the execution in view, its logs. */

import { useCallback, useEffect, useMemo, useState } from "react";
import { blockById, ERROR_PORT, handleOf } from "../../core/flow";
import { problemsOf, shownState } from "../../core/state";
import type { Edge, LogEntry, RunError, Waiting } from "../../core/wire";
import { Decision, WaitLine } from "../board/Waits";
import type { BlockKind, LoadedValue, PageRequest, Problem as ShownProblem } from "../../core/inspector/types";
import { ReferencesContext, type References } from "../inspector/formContext";
import { Inspector, type Execution, type ValueSource } from "../inspector/Inspector";
import { useCanvas, useSession } from "../session";
import { useHints } from "../useHints";
import { AttemptSwitch } from "./AttemptSwitch";
import { HistoryPanel } from "../history/HistoryPanel";
import { FunctionPanel } from "./FunctionPanel";
import { useAttempts } from "./useAttempts";
import { useInnerTables } from "./useInnerTables";

export function InspectorHost({ onLeave }: { onLeave: () => void }) {
  const isOnBlock = useCanvas((s) => s.inspector !== null && blockById(s.flow, s.inspector.blockId) !== undefined);
  const isOnFunction = useCanvas((s) => s.functionPanel && s.phase === "ready");
  const isOnHistory = useCanvas((s) => s.historyPanel !== null && s.phase === "ready");
  if (isOnHistory && !isOnBlock) return <HistoryPanel onLeave={onLeave} />;
  if (isOnBlock) return <BlockPanel onLeave={onLeave} />;
  return isOnFunction ? <FunctionPanel onLeave={onLeave} /> : null;
}

function BlockPanel({ onLeave }: { onLeave: () => void }) {
  const session = useSession();
  const target = useCanvas((s) => s.inspector);
  const block = useCanvas((s) => (target ? (blockById(s.flow, target.blockId) ?? null) : null));
  const flow = useCanvas((s) => s.flow);
  const types = useCanvas((s) => s.types);
  const state = useCanvas((s) => (block ? shownState(s, block.id) : null));
  const view = useCanvas((s) => s.view);
  const problems = useCanvas((s) => problemsOf(s.validation, block?.id ?? ""));
  const logs = useLogs(block?.id ?? null, view?.run.id ?? null, `${view?.run.status} ${state?.status} ${state?.completed}`);
  const hints = useHints(block?.id ?? null);
  const holdsTyping = useCallback((handOver: () => void) => session.document.holdsTyping(handOver), [session]);
  const hasKernel = useCanvas((s) => s.kernel);
  const toKernel = (id: string) => (at: { x: number; y: number }, field?: string) => {
    const value = session.kernel.valueOf(id, field ?? null);
    if (value) session.overlay({ kind: "kernel", value, at });
  };
  const attempts = useAttempts(view?.run.id ?? null, state);
  const { chosen } = attempts;
  const source = (id: string, part: "input" | "output", label: string, place?: { path: string; attempt: number }): ValueSource | null => {
    const at = place ?? session.running.placeOf(id);
    return (
      at && {
        key: `${view?.run.id}/${at.path}/${at.attempt}/${part}/${state?.status}`,
        label,
        expression: part === "output" ? handleOf(blockById(flow, id)?.name ?? "") : "input",
        load: (page: PageRequest) => session.running.value(id, part, query(page), place) as Promise<LoadedValue>,
        ...(hasKernel && part === "output" ? { onToKernel: toKernel(id) } : {}),
      }
    );
  };
  const wires = block ? flow.edges.filter((edge) => edge.target === block.id) : [];
  const given = wires.flatMap((edge) => source(edge.source, "output", wireName(edge, blockById(flow, edge.source)?.name ?? "")) ?? []);
  const gave = block && state?.status !== "running" ? source(block.id, "output", "", chosen ?? undefined) : null;
  const inputs = useInnerTables(target?.tab === "in" && view && (given.length || !wires.length) ? given : null);
  const outputs = useInnerTables(target?.tab === "out" && gave ? [gave] : null);
  const references = useReferences(block?.id ?? "");
  if (!target || !block) return null;
  const execution: Execution | null = state
    ? {
        status: (chosen ?? state).status,
        path: state.lastPath ?? block.id,
        attempt: chosen?.attempt ?? state.lastAttempt ?? 1,
        runMs: (chosen ?? state).runMs ?? null,
        error: wordsOf((chosen ?? state).error),
        flags: [state.reused ? "reused" : "", state.forced ? "forced" : ""].filter(Boolean),
      }
    : null;
  const close = () => {
    session.closeInspector();
    onLeave();
  };
  return (
    <ReferencesContext value={references}>
    <Inspector
      block={{ ...block, handle: handleOf(block.name) }}
      kind={(types.get(block.type) as unknown as BlockKind | undefined) ?? null}
      tab={target.tab}
      onTab={(tab) => session.inspect(block.id, tab)}
      execution={execution}
      inputs={inputs}
      outputs={execution?.status === "failed" ? [] : outputs}
      logs={logs}
      problems={problems as readonly ShownProblem[]}
      {...(hints ? { hints } : {})}
      onConfig={(id, config) => session.updateConfig(id, config as typeof block.config)}
      onSettle={() => session.document.settle()}
      holdsTyping={holdsTyping}
      onRename={(id, name) => session.renameBlock(id, name)}
      onFix={(problem) => session.applyFix(problem as never)}
      onPickBlock={(id) => session.select([id])}
      onRunAgain={() => void session.running.start(false)}
      above={
        <>
          <AttemptSwitch attempts={attempts} />
          {state?.status === "waiting" && state.waiting && <WaitsHere blockId={block.id} waiting={state.waiting} />}
        </>
      }
      onClose={close}
    />
    </ReferencesContext>
  );
}

function wordsOf(error: RunError | null | undefined): Execution["error"] {
  return error ? { type: error.type, message: error.message, hint: error.hint ?? null } : null;
}

/** What the block's fields can name: every function but this one. */
function useReferences(blockId: string): References {
  const session = useSession();
  const [made, setMade] = useState(0);
  return useMemo(() => {
    let secrets: ReturnType<References["secrets"]> | null = null;
    return {
      secrets: () => (secrets ??= session.hub.api.secrets()),
      setSecret: async (name, value) => {
        await session.hub.api.setSecret(name, value);
        setMade((count) => count + 1); // whoever asked for the secrets asks again
      },
      functions: async () => (await session.hub.api.functions({ limit: 200 })).filter((fn) => fn.id !== session.functionId).sort((a, b) => a.name.localeCompare(b.name)),
      openFunction: () => void session.openInner(blockId),
    };
  }, [session, blockId, made]);
}

/** What the block waits for, above its tabs. */
function WaitsHere({ blockId, waiting }: { blockId: string; waiting: Waiting }) {
  return <div className="wbc-waits-here">{waiting.kind === "approval" ? <Decision blockId={blockId} waiting={waiting} /> : <WaitLine waiting={waiting} />}</div>;
}

function query(page: PageRequest): { offset: number; limit: number; sort?: string; descending?: boolean } {
  return { offset: page.offset, limit: page.limit, ...(page.sort ? { sort: page.sort.column, descending: page.sort.descending } : {}) };
}

function wireName(edge: Edge, sourceName: string): string {
  return edge.sourcePort === "out" ? sourceName : edge.sourcePort === ERROR_PORT ? `${sourceName} (error)` : `${sourceName} · ${edge.sourcePort}`;
}

const NO_LOGS: LogEntry[] = [];

/** A block's log lines, read again when its state moved. */
function useLogs(blockId: string | null, runId: string | null, stamp: string): LogEntry[] {
  const session = useSession();
  const [logs, setLogs] = useState(NO_LOGS);
  useEffect(() => {
    if (!blockId || !runId) {
      setLogs(NO_LOGS);
      return;
    }
    let left = false;
    const timer = setTimeout(() => {
      session.hub.api.logs(runId, { blockId }).then(
        (found) => !left && setLogs(found.entries),
        () => !left && setLogs(NO_LOGS),
      );
    }, 150);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [session, blockId, runId, stamp]);
  return logs;
}
