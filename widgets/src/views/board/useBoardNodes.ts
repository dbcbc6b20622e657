/** The board's nodes and edges for React Flow, made from the flow; a block that did not change stays the same object. */

import { Position as Side, type NodeChange } from "@xyflow/react";
import { useCallback, useMemo, useRef, useState } from "react";
import { framesAround, type Box } from "../../core/frames";
import { sizeOf } from "../../core/layout";
import { cachedRegions, type Types } from "../../core/regions";
import type { Edge, Position } from "../../core/wire";
import { useCanvas, useSession } from "../session";
import { groupNodes, NOTE_ID, noteNodes } from "./arranged";
import { handlesOf, labelRoom, portsOf, type BoardNode, type CardNode, type FrameNode, type GroupNode, type NoteNode } from "./geometry";
import { leadsBack, outOf, type Ends } from "../../core/wirePath";
import type { WireEdge } from "./Wire";

export function useBoardNodes() {
  const session = useSession();
  const flow = useCanvas((s) => s.flow);
  const types = useCanvas((s) => s.types);
  const selected = useCanvas((s) => s.selectedBlocks);
  const selectedEdges = useCanvas((s) => s.selectedEdges);
  /** Where blocks are while they are dragged; the flow learns of it when they are let go. */
  const [dragged, setDragged] = useState<ReadonlyMap<string, Position>>(new Map());
  const cards = useRef(new Map<string, CardNode>());
  const frames = useRef(new Map<string, FrameNode>());
  const notes = useRef(new Map<string, NoteNode>());
  const groups = useRef(new Map<string, GroupNode>());
  const locked = useCanvas((s) => s.locked);
  const wires = useRef(new Map<string, WireEdge>());
  const lists = useRef<{ nodes: BoardNode[]; edges: WireEdge[] }>({ nodes: [], edges: [] });

  const nodes = useMemo(() => {
    const known = new Map<string, CardNode>();
    const boxes = new Map<string, Box>();
    for (const block of flow.blocks) {
      const position = dragged.get(block.id) ?? block.position;
      const size = sizeOf(block, types);
      boxes.set(block.id, { ...position, ...size });
      const before = cards.current.get(block.id);
      const isSelected = selected.has(block.id);
      const same =
        before?.data.block === block && before.selected === isSelected && before.position.x === position.x &&
        before.position.y === position.y && before.width === size.width && before.height === size.height;
      known.set(
        block.id,
        same
          ? before
          : {
              id: block.id,
              type: "card",
              data: before?.data.block === block ? before.data : { block },
              position: { x: position.x, y: position.y },
              selected: isSelected,
              ...size,
              measured: size,
              handles: handlesOf(portsOf(block, types)),
            },
      );
    }
    cards.current = known;
    const regions = cachedRegions(flow, types);
    const framed = new Map<string, FrameNode>();
    const frameBoxes = framesAround(regions, boxes);
    for (const region of regions) {
      const box = frameBoxes.get(region.id);
      if (!box) continue;
      const before = frames.current.get(region.id);
      const same = before && before.position.x === box.x && before.position.y === box.y && before.width === box.width && before.height === box.height && before.data.depth === region.depth;
      framed.set(
        region.id,
        same
          ? before
          : {
              id: `frame:${region.id}`,
              type: "frame",
              data: { scopeId: region.scopeId, port: region.port, depth: region.depth },
              position: { x: box.x, y: box.y },
              width: box.width,
              height: box.height,
              measured: { width: box.width, height: box.height },
              draggable: false,
              selectable: false,
              connectable: false,
              zIndex: region.depth - 20,
              handles: [],
            },
      );
    }
    frames.current = framed;
    const back: BoardNode[] = [...framed.values()].sort((a, b) => a.data.depth - b.data.depth);
    notes.current = noteNodes(flow, dragged, locked || session.isReadOnly, notes.current);
    groups.current = groupNodes(flow, boxes, groups.current);
    return (lists.current.nodes = kept(lists.current.nodes, [...groups.current.values(), ...back, ...notes.current.values(), ...known.values()]));
  }, [flow, types, selected, dragged, locked, session]);

  const edges = useMemo(() => {
    const known = new Map<string, WireEdge>();
    const frameRects = [...frames.current.values()].map((f) => ({ ...f.position, width: f.width!, height: f.height! }));
    for (const edge of flow.edges) {
      const before = wires.current.get(edge.id);
      const isSelected = selectedEdges.has(edge.id);
      const { ends, label } = endsOf(edge, cards.current, types);
      const out = ends && leadsBack(ends) ? outOf(ends, frameRects) : undefined;
      const same = before && before.selected === isSelected && before.data?.label === label && before.data.out === out && before.source === edge.source && before.target === edge.target && before.sourceHandle === edge.sourcePort && before.targetHandle === edge.targetPort;
      known.set(
        edge.id,
        same
          ? before
          : {
              id: edge.id,
              type: "wire",
              source: edge.source,
              target: edge.target,
              sourceHandle: edge.sourcePort,
              targetHandle: edge.targetPort,
              selected: isSelected,
              data: { label, ...(out === undefined ? {} : { out }) },
            },
      );
    }
    wires.current = known;
    return (lists.current.edges = kept(lists.current.edges, [...known.values()]));
    // The frames and cards are those that `nodes` has just made.
  }, [flow, types, selectedEdges, nodes]);

  const onNodesChange = useCallback(
    (changes: NodeChange<BoardNode>[]) => {
      const { selectedBlocks, selectedEdges: edgesNow, flow: now } = session.store.get();
      let selection: Set<string> | null = null;
      const drops: { id: string; position: Position }[] = [];
      const moving: [string, Position][] = [];
      for (const change of changes) {
        if (change.type === "select") {
          selection ??= new Set(selectedBlocks);
          if (change.selected) selection.add(change.id);
          else selection.delete(change.id);
        } else if (change.type === "position" && change.position) {
          if (change.dragging) moving.push([change.id, change.position]);
          else drops.push({ id: change.id, position: change.position });
        }
      }
      if (selection) session.select(selection, edgesNow);
      if (moving.length) setDragged((old) => new Map([...old, ...moving]));
      if (drops.length) {
        for (const { id, position } of drops) {
          const note = NOTE_ID.exec(id)?.[1];
          if (note !== undefined) session.arranging.changeNote(note, { position: { x: Math.round(position.x), y: Math.round(position.y) } });
        }
        session.edit(
          drops.flatMap(({ id, position }) => {
            const block = now.blocks.find((b) => b.id === id);
            const to = { x: Math.round(position.x), y: Math.round(position.y) };
            const moved = block && (block.position.x !== to.x || block.position.y !== to.y);
            return moved ? [{ type: "MOVE_BLOCK" as const, blockId: id, position: to }] : [];
          }),
        );
        setDragged(new Map());
      }
    },
    [session],
  );

  return { nodes, edges, onNodesChange };
}

/** The list as it was where it holds the same things: React Flow then has nothing to look at. */
function kept<T>(before: T[], now: T[]): T[] {
  return before.length === now.length && now.every((item, i) => item === before[i]) ? before : now;
}

/** Where a wire's ends are, and the room that its first port's name takes. */
function endsOf(edge: Edge, cards: ReadonlyMap<string, CardNode>, types: Types): { ends: Ends | null; label: number } {
  const source = cards.get(edge.source);
  const target = cards.get(edge.target);
  const port = source && portsOf(source.data.block, types).find((p) => p.kind === "source" && p.port.name === edge.sourcePort);
  if (!source || !target || !port) return { ends: null, label: 0 };
  const from = { x: source.position.x + port.x, y: source.position.y + port.y };
  const input = portsOf(target.data.block, types).find((p) => p.kind === "target" && p.port.name === edge.targetPort);
  const to = { x: target.position.x, y: target.position.y + (input?.y ?? (target.height ?? 0) / 2) };
  return { ends: { from, to, below: port.side === Side.Bottom }, label: labelRoom(port) };
}
