/** The board: React Flow over the flow of the session. */

import {
  Background, BackgroundVariant, ControlButton, Controls, getNodesBounds, ReactFlow, SelectionMode, useReactFlow, useStore,
  type Connection, type EdgeChange, type FinalConnectionState, type OnConnectStartParams,
} from "@xyflow/react";
import { Scan } from "lucide-react";
import { useCallback, useContext, useEffect, useRef, type DragEvent } from "react";
import { notesOf } from "../../core/arranging";
import { blockById } from "../../core/flow";
import { LOOKS, lookOf } from "../../core/format";
import { keysOf } from "../../core/keymap";
import { sizeOf } from "../../core/layout";
import { fitter } from "../../core/ports";
import { cachedRegions } from "../../core/regions";
import { shownState } from "../../core/state";
import type { Position } from "../../core/wire";
import { shallow, useCanvas, useSession } from "../session";
import { Card } from "./Card";
import { ConnectingContext } from "./connecting";
import { Frame } from "./Frame";
import { GroupFrame } from "./GroupFrame";
import { NoteCard } from "./NoteCard";
import { Overview } from "./Overview";
import type { BoardNode } from "./geometry";
import { useFit } from "./useFit";
import { useBoardNodes } from "./useBoardNodes";
import { Wire, type WireEdge } from "./Wire";

// Whatever is passed to React Flow stays the same object from one drawing to the next: a new one draws every card and wire anew.
const NODE_TYPES = { card: Card, frame: Frame, note: NoteCard, area: GroupFrame };
const EDGE_TYPES = { wire: Wire };
const MULTI_SELECTION_KEYS = ["Meta", "Control", "Shift"];
const SNAP_GRID: [number, number] = [8, 8];

/** The type of what the palette drags. */
export const DRAG_TYPE = "application/x-workbench-block";

export function Board({ id, focused }: { id: string; focused: boolean }) {
  const session = useSession();
  const connecting = useContext(ConnectingContext);
  const { nodes, edges, onNodesChange } = useBoardNodes();
  const flowApi = useReactFlow<BoardNode, WireEdge>();
  const show = useFit();
  const many = useCanvas((s) => s.flow.blocks.length > 6);
  const hidden = useStore((s) => isPartHidden(nodes, s));
  const far = useStore((s) => s.transform[2] < 0.42);
  const locked = useCanvas((s) => s.locked);
  useFollowing(flowApi);

  const onEdgesChange = useCallback(
    (changes: EdgeChange<WireEdge>[]) => {
      const { selectedBlocks, selectedEdges } = session.store.get();
      const chosen = new Set(selectedEdges);
      for (const change of changes) {
        if (change.type !== "select") continue;
        if (change.selected) chosen.add(change.id);
        else chosen.delete(change.id);
      }
      session.select(selectedBlocks, chosen);
    },
    [session],
  );

  const startConnecting = useCallback(
    (_event: unknown, { nodeId, handleId, handleType }: OnConnectStartParams) => {
      if (handleType !== "source" || !nodeId) return;
      const { flow, types } = session.store.get();
      const from = { blockId: nodeId, port: handleId ?? "out" };
      connecting.set({ from, judge: fitter(flow, types, cachedRegions(flow, types), from) });
    },
    [session, connecting],
  );

  const endConnecting = useCallback(
    (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
      const { from, judge } = connecting.get();
      connecting.set({ from: null, judge: null });
      if (!from || state.toHandle || state.toNode) return;
      const point = "changedTouches" in event ? event.changedTouches[0] : event;
      if (!point) return;
      const card = document.elementFromPoint(point.clientX, point.clientY)?.closest<HTMLElement>("[data-testid=block]");
      const target = session.firstInput(card?.dataset.blockId);
      if (target && target.blockId !== from.blockId) {
        const fit = judge?.(target);
        if (!fit || fit.fits || fit.allowed === true) session.connect(from, target);
        return;
      }
      const at = flowApi.screenToFlowPosition({ x: point.clientX, y: point.clientY });
      session.overlay({ kind: "add", after: from, at: { x: Math.round(at.x), y: Math.round(at.y - 28) } });
    },
    [session, connecting, flowApi],
  );

  const isValid = useCallback(
    (wire: Connection | WireEdge) => {
      const { judge } = connecting.get();
      if (!judge) return true;
      const fit = judge({ blockId: wire.target, port: wire.targetHandle ?? "in" });
      return fit.fits || fit.allowed === true;
    },
    [connecting],
  );

  const onConnect = useCallback(
    (wire: Connection) =>
      session.connect({ blockId: wire.source, port: wire.sourceHandle ?? "out" }, { blockId: wire.target, port: wire.targetHandle ?? "in" }),
    [session],
  );

  const onEdgeClick = useCallback((_event: unknown, edge: WireEdge) => session.inspect(edge.source, "out", edge.id), [session]);

  const onNodeClick = useCallback(
    (event: Pick<MouseEvent, "shiftKey" | "ctrlKey" | "metaKey">, node: BoardNode) => {
      // A click on a block that is open in the inspector's place shows that block there.
      const { inspector, functionPanel, view } = session.store.get();
      const tab = inspector?.edgeId ? "config" : inspector?.tab;
      if (node.type === "card" && !event.shiftKey && !event.ctrlKey && !event.metaKey) {
        if (inspector || functionPanel) session.inspect(node.id, tab);
        else if (view?.blocks[node.id]?.status === "failed") session.inspect(node.id, "out");
      }
    },
    [session],
  );

  const onPaneClick = useCallback(() => {
    session.select([]);
    if (session.store.get().inspector) session.inspectFunction();
  }, [session]);

  const onInit = useCallback(() => show("first", 0), [show]);

  const onDrop = (event: DragEvent) => {
    const type = event.dataTransfer.getData(DRAG_TYPE);
    if (!type) return;
    event.preventDefault();
    const at = flowApi.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    session.addBlock(type, { x: Math.round(at.x - 104), y: Math.round(at.y - 28) });
  };

  const board = useRef<HTMLDivElement>(null);
  useEffect(() => {
    session.viewCentre = () => {
      const box = board.current?.getBoundingClientRect();
      return box?.width ? flowApi.screenToFlowPosition({ x: box.left + box.width / 2, y: box.top + box.height / 2 }) : null;
    };
    return () => {
      session.viewCentre = () => null;
    };
  }, [session, flowApi]);

  return (
    <div
      ref={board}
      className={`wbc-board${far ? " wbc-far" : ""}`}
      data-testid="board"
      onDrop={onDrop}
      onDragOver={(event) => {
        if (event.dataTransfer.types.includes(DRAG_TYPE)) event.preventDefault();
      }}
    >
      <ReactFlow<BoardNode, WireEdge>
        id={id}
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        onConnectStart={startConnecting}
        onConnectEnd={endConnecting}
        onConnect={onConnect}
        isValidConnection={isValid}
        onEdgeClick={onEdgeClick}
        onNodeClick={onNodeClick}
        onPaneClick={onPaneClick}
        onlyRenderVisibleElements
        nodesFocusable={false}
        edgesFocusable={false}
        disableKeyboardA11y
        deleteKeyCode={null}
        selectionMode={SelectionMode.Partial}
        multiSelectionKeyCode={MULTI_SELECTION_KEYS}
        preventScrolling={focused}
        panOnScroll={focused}
        zoomOnScroll={false}
        zoomOnDoubleClick={false}
        minZoom={0.1}
        maxZoom={2}
        connectionRadius={28}
        nodeDragThreshold={3}
        nodesDraggable={!locked}
        nodesConnectable={!locked}
        snapToGrid
        snapGrid={SNAP_GRID}
        onInit={onInit}
        elevateNodesOnSelect={false}
      >
        <Background variant={BackgroundVariant.Dots} gap={24} size={1.2} className="wbc-dots" />
        <Controls showInteractive={false} showFitView={false} position="bottom-left" className="wbc-controls">
          <ControlButton onClick={() => show("whole")} title={`Show the whole function (${keysOf("fit")})`} aria-label="Show the whole function">
            <Scan size={12} aria-hidden="true" className="wbc-line-icon" />
          </ControlButton>
        </Controls>
        {many && hidden && <Overview />}
      </ReactFlow>
    </div>
  );
}

const allBounds = new WeakMap<readonly BoardNode[], ReturnType<typeof getNodesBounds>>();

/** Whether some of the function lies outside of what is in view, so that an overview helps. */
function isPartHidden(nodes: BoardNode[], view: { transform: [number, number, number]; width: number; height: number }): boolean {
  let bounds = allBounds.get(nodes);
  if (!bounds) allBounds.set(nodes, (bounds = getNodesBounds(nodes)));
  const [x, y, zoom] = view.transform;
  const left = bounds.x * zoom + x;
  const top = bounds.y * zoom + y;
  return left < -8 || top < -8 || left + bounds.width * zoom > view.width + 8 || top + bounds.height * zoom > view.height + 8;
}

/** Keeps what matters in sight: the block that the debugger stands at or the keyboard moved to, and the note that is written. */
function useFollowing(flowApi: ReturnType<typeof useReactFlow<BoardNode, WireEdge>>) {
  const session = useSession();
  const size = useStore((s) => ({ width: s.width, height: s.height }), shallow);
  const only = useCanvas((s) => (s.selectedBlocks.size === 1 ? [...s.selectedBlocks][0]! : null));
  const writing = useCanvas((s) => s.writing);
  const show = useCallback(
    (at: Position, { width, height }: { width: number; height: number }) => {
      if (!size.width) return;
      const { x, y, zoom } = flowApi.getViewport();
      const left = at.x * zoom + x;
      const top = at.y * zoom + y;
      const isOutside = left < 8 || top < 8 || left + width * zoom > size.width - 8 || top + height * zoom > size.height - 24;
      if (isOutside) void flowApi.setCenter(at.x + width / 2, at.y + height / 2, { zoom: Math.max(zoom, 0.5), duration: 180 });
    },
    [size, flowApi],
  );
  useEffect(() => {
    const { flow, types } = session.store.get();
    const block = only ? blockById(flow, only) : undefined;
    if (block) show(block.position, sizeOf(block, types));
  }, [only, show, session]);
  useEffect(() => {
    const note = writing ? notesOf(session.store.get().flow).find((n) => n.id === writing) : undefined;
    if (note) show(note.position, note);
  }, [writing, show, session]);
}

/** What a screen reader hears of the selected block. */
export function Announcer() {
  const words = useCanvas((s) => {
    if (s.selectedBlocks.size > 1) return `${s.selectedBlocks.size} blocks selected`;
    const block = blockById(s.flow, [...s.selectedBlocks][0] ?? "");
    if (!block) return "";
    const state = shownState(s, block.id);
    return [block.name, s.types.get(block.type)?.title, state ? LOOKS[lookOf(state)].word : null].filter(Boolean).join(", ");
  });
  return (
    <div className="wbc-sr" aria-live="polite" data-testid="announcer">
      {words}
    </div>
  );
}
