/** The canvas: bar, rail, board, inspector, debugger's strip, status line; and the keys while it has focus. */

import { ReactFlowProvider } from "@xyflow/react";
import { useCallback, useId, useRef, useState } from "react";
import { perform, type ViewActs } from "../core/actions";
import type { Comparison } from "../core/compare";
import { innermost, wayInto } from "../core/inner";
import { actionOf } from "../core/keymap";
import type { CanvasSession } from "../core/session";
import type { CanvasState } from "../core/state";
import { Store } from "../core/store";
import { Announcer, Board } from "./board/Board";
import { ConnectingContext, type Connecting } from "./board/connecting";
import { useFit } from "./board/useFit";
import { ComparisonBanner } from "./history/ComparisonBanner";
import { DebugHost } from "./panels/DebugHost";
import { EmptyState } from "./panels/EmptyState";
import { InspectorHost } from "./panels/InspectorHost";
import { Notices } from "./panels/Notices";
import { Overlays } from "./panels/Overlays";
import { Palette } from "./panels/Palette";
import { RunBanner } from "./panels/RunBanner";
import { ResizeHandle } from "./panels/ResizeHandle";
import { StatusLine } from "./panels/StatusLine";
import { Toolbar } from "./panels/Toolbar";
import { Trail } from "./panels/Trail";
import { SessionContext, useCanvas, useSession } from "./session";
import { useClipboard } from "./useClipboard";
import { useFileDrop } from "./useFileDrop";
import { useFullscreen } from "./useFullscreen";
import { useKeptFocus } from "./useKeptFocus";
import { useLabKeys } from "./useLabKeys";

/** What is about the run as a whole, also while another function is looked into. */
const OF_THE_RUN = new Set(["run", "debug", "retry", "askRun", "askDebug", "over", "into", "out", "back", "undo", "redo", "function", "history"]);

interface Props {
  session: CanvasSession;
  height: number;
  onHeight: (height: number) => void;
}

export function CanvasApp({ session, height, onHeight }: Props) {
  const [connecting] = useState(() => new Store<Connecting>({ from: null, judge: null }));
  return (
    <SessionContext value={session}>
      <ConnectingContext value={connecting}>
        <ReactFlowProvider>
          <Shell height={height} onHeight={onHeight} />
        </ReactFlowProvider>
      </ConnectingContext>
    </SessionContext>
  );
}

function Shell({ height, onHeight }: Omit<Props, "session">) {
  const session = useSession();
  const root = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState(false);
  const [fullscreen, toggleFullscreen] = useFullscreen(root);
  const phase = useCanvas((s) => s.phase);
  const name = useCanvas((s) => s.fn?.name ?? "");
  const isInside = useCanvas((s) => s.inner !== null);
  const id = useId();
  const show = useFit();
  const focus = useCallback(() => root.current?.focus({ preventScroll: true }), []);
  const fit = useCallback((mode: "whole" | "first") => void requestAnimationFrame(() => show(mode)), [show]);
  useClipboard(root);
  useLabKeys(root);
  const letGo = useKeptFocus(root);
  const [dropping, fileDrop] = useFileDrop();

  const acts: ViewActs = {
    askInputs: (debug) => {
      const button = root.current?.querySelector(`[data-testid=tool-${debug ? "debug" : "run"}]`)?.getBoundingClientRect();
      session.overlay({ kind: "inputs", debug, at: { x: button?.left ?? 0, y: (button?.bottom ?? 0) + 8 } });
    },
    menu: (then) => {
      const button = root.current?.querySelector("[data-testid=tool-more]")?.getBoundingClientRect();
      then({ x: (button?.right ?? 0) - 220, y: (button?.bottom ?? 0) + 8 });
    },
    beside: (blockId, then) => {
      const card = root.current?.querySelector(`[data-testid=block][data-block-id=${JSON.stringify(blockId)}]`)?.getBoundingClientRect();
      const home = root.current?.getBoundingClientRect();
      then({ x: card?.left ?? home?.left ?? 0, y: card ? card.bottom + 6 : (home?.top ?? 0) + 60 });
    },
    fit,
    fullscreen: toggleFullscreen,
    leave: () => {
      const front = innermost(session);
      const { overlay, inspector, functionPanel, historyPanel, selectedBlocks, selectedEdges } = front.store.get();
      if (isWriting(front.store.get())) front.store.set({ writing: null });
      else if (overlay) front.overlay(null);
      else if (session.store.get().comparison) session.history.close();
      else if (inspector || functionPanel || historyPanel) front.closeInspector();
      else if (selectedBlocks.size || selectedEdges.size) front.select([]);
      else if (front !== session) (wayInto(session).at(-2)?.session ?? session).closeInner();
      else if (fullscreen) toggleFullscreen();
      else {
        letGo();
        root.current?.blur();
      }
    },
  };
  const act = (action: string, key?: string) => perform(OF_THE_RUN.has(action) ? session : innermost(session), acts, action, key);

  const onKeyDown = (event: React.KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (event.defaultPrevented || target.closest(".nokey, input, textarea, [contenteditable=true]")) return;
    const action = actionOf(event);
    if (action !== "leave" && isWriting(innermost(session).store.get())) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const onButton = target.closest("button") !== null && (event.key === "Enter" || event.key === " ");
    if (!action || onButton || action === "copy" || action === "cut" || action === "paste") return;
    if (act(action, event.key)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  return (
    <div
      ref={root}
      className={`wbc${focused ? " wbc-focused" : ""}${fullscreen ? " wbc-full" : ""}`}
      style={{ height: fullscreen ? undefined : height }}
      tabIndex={0}
      role="application"
      aria-label={`Canvas of the function ${name}. Press ? for its keys.`}
      data-testid="workbench-canvas"
      data-function-id={session.functionId}
      data-phase={phase}
      onKeyDown={onKeyDown}
      {...fileDrop}
      onFocus={() => setFocused(true)}
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setFocused(false)}
      onPointerDown={(event) => {
        if (!(event.target as HTMLElement).closest("input, textarea, button, [contenteditable=true], .nokey")) focus();
      }}
    >
      {dropping && (
        <div className="wbc-dropping" data-testid="dropping">
          <span>Drop a bundle to see what importing it would do</span>
        </div>
      )}
      <Toolbar act={(action) => act(action)} fullscreen={fullscreen} />
      <Trail />
      <div className="wbc-main">
        {!isInside && <Palette />}
        <Place id={id} focused={focused} onFit={fit} onLeave={focus} />
      </div>
      <DebugHost />
      <StatusLine />
      <Announcer />
      {!fullscreen && <ResizeHandle height={height} onHeight={onHeight} />}
    </div>
  );
}

interface PlaceProps {
  id: string;
  focused: boolean;
  onFit: (mode: "whole" | "first") => void;
  onLeave: () => void;
}

/** The board and what lies over it: of the function that was gone into, where one was. */
function Place(props: PlaceProps) {
  const session = useSession();
  const inner = useCanvas((s) => s.inner);
  const comparison = useCanvas((s) => s.comparison);
  const ready = useCanvas((s) => s.phase === "ready" && s.types.size > 0);
  if (inner) {
    return (
      <SessionContext value={inner.session}>
        <Place {...props} />
      </SessionContext>
    );
  }
  const { id, focused, onFit, onLeave } = props;
  const place = `${id}${session.isReadOnly ? session.running.rootPath : ""}`;
  return (
    <>
      <div className="wbc-centre">
        {comparison ? <ComparisonBoard key={`${comparison.from} ${comparison.to}`} id={`${place}:compare`} comparison={comparison} focused={focused} /> : ready ? <Board key={place} id={place} focused={focused} /> : <Waiting />}
        {!session.isReadOnly && !comparison && <EmptyState onFit={() => onFit("first")} />}
        <Overlays onClosed={onLeave} />
        {comparison ? <ComparisonBanner comparison={comparison} /> : <RunBanner />}
        <Notices />
      </div>
      <InspectorHost onLeave={onLeave} />
    </>
  );
}

/** Two versions over each other: only looked at. */
function ComparisonBoard({ comparison, id, focused }: { comparison: Comparison; id: string; focused: boolean }) {
  return (
    <SessionContext value={comparison.session}>
      <Board id={id} focused={focused} />
    </SessionContext>
  );
}

function Waiting() {
  const session = useSession();
  const phase = useCanvas((s) => s.phase);
  const problem = useCanvas((s) => s.problem);
  if (phase === "missing") {
    return (
      <div className="wbc-empty" role="alert" data-testid="missing">
        <p>This function is gone.</p>
        <p className="wbc-quiet">{problem} Make it again in Python, or restore it from a snapshot.</p>
      </div>
    );
  }
  if (phase === "failed") {
    return (
      <div className="wbc-empty" role="alert" data-testid="failed">
        <p>The workbench cannot be reached.</p>
        <p className="wbc-quiet">{problem}</p>
        <button type="button" className="wbc-button" onClick={() => void session.load()}>
          Try again
        </button>
      </div>
    );
  }
  return <div className="wbc-empty wbc-quiet">Loading…</div>;
}

/** Whether a note's or group's field is on its way or has the focus: what is typed meanwhile is text, not keys. */
function isWriting({ writing, flow }: Pick<CanvasState, "writing" | "flow">): boolean {
  return writing !== null && [...flow.notes, ...flow.groups].some((item) => item.id === writing);
}
