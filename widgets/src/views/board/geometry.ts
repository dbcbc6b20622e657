/** Where a card's ports are, so that wires to cards that are not drawn yet still end in the right place. */

import { Position, type Node, type NodeHandle } from "@xyflow/react";
import type { Group, Note } from "../../core/arranging";
import { ERROR_PORT, inputsOf, outputsOf } from "../../core/flow";
import { FRAME, sizeOf } from "../../core/layout";
import type { Types } from "../../core/regions";
import type { Block, Port } from "../../core/wire";

export type CardNode = Node<{ block: Block }, "card">;
export type FrameNode = Node<{ scopeId: string; port: string; depth: number }, "frame">;
export type NoteNode = Node<{ note: Note }, "note">;
export type GroupNode = Node<{ group: Group }, "area">;
export type BoardNode = CardNode | FrameNode | NoteNode | GroupNode;

export interface PlacedPort {
  port: Port;
  kind: "source" | "target";
  side: Position;
  /** Centre of the dot, from the card's top left. */
  x: number;
  y: number;
  label: string | null;
  /** The label stands under the wire, not over it: the lower of two. */
  below: boolean;
}

export function portsOf(block: Block, types: Types): PlacedPort[] {
  const type = types.get(block.type);
  const { width, height } = sizeOf(block, types);
  const inputs = inputsOf(type);
  const outputs = outputsOf(type, block);
  const right = outputs.filter((p) => !p.region);
  const bottom = outputs.filter((p) => p.region);
  const spread = (index: number, count: number, length: number) =>
    count === 1 ? length / 2 : 16 + ((length - 32) * index) / (count - 1);
  const named = outputs.length > 1;
  const placed: PlacedPort[] = [
    ...inputs.map((port, i) => place(port, "target", Position.Left, 0, spread(i, inputs.length, height), inputs.length > 1, i === 1 && inputs.length === 2)),
    ...right.map((port, i) => place(port, "source", Position.Right, width, spread(i, right.length, height), named && right.length > 1, i === 1 && right.length === 2)),
    // The last port is the leftmost: its region is the lowest, and its wire passes the others on their left.
    ...bottom.map((port, i) => place(port, "source", Position.Bottom, FRAME.port + (bottom.length - 1 - i) * FRAME.pitch, height, false)),
  ];
  if (type && !type.isTrigger) {
    placed.push(place({ name: ERROR_PORT, type: "object", label: "error" }, "source", Position.Bottom, width - 30, height, true));
  }
  return placed;
}

function place(port: Port, kind: "source" | "target", side: Position, x: number, y: number, named: boolean, below = false): PlacedPort {
  return { port, kind, side, x, y, label: named ? port.label || port.name.replace(/^branch-/, "") : null, below };
}

/** Half a dot: React Flow counts a handle's corner. */
const HALF = 5;

export function handlesOf(ports: readonly PlacedPort[]): NodeHandle[] {
  return ports.map((p) => ({
    id: p.port.name,
    type: p.kind,
    position: p.side,
    x: p.x - HALF,
    y: p.y - HALF,
    width: 2 * HALF,
    height: 2 * HALF,
  }));
}

/** How much of a wire from this port is covered by the port's name. */
export function labelRoom(placed: PlacedPort): number {
  return placed.label && placed.side === Position.Right ? 12 + Math.ceil(6 * Math.min(placed.label.length, 16)) : 0;
}
