/** What building with blocks and wires comes to, as commands. Pure. */

import type { Command } from "./commands";
import { freshId, freshName, outputsOf } from "./flow";
import { tidy } from "./layout";
import type { Plug } from "./ports";
import type { Types } from "./regions";
import { freePlace } from "./vacancy";
import type { Block, BlockType, Flow, Json, Position } from "./wire";

/** A new block of a type that there is, wired to `after` when it has an input; `near` is where it goes when nothing says where. */
export function newBlock(flow: Flow, types: Types, type: string, at: Position | null, after: Plug | null, near: Position): { id: string; commands: Command[] } | null {
  const kind = types.get(type);
  if (!kind) return null;
  const id = freshId(type, new Set(flow.blocks.map((b) => b.id)));
  const name = freshName(kind.title.toLowerCase(), flow.blocks.map((b) => b.name));
  const block: Block = { id, type, name, config: startConfig(kind), position: at ?? freePlace(flow, types, after, near) };
  const input = kind.isTrigger ? null : kind.inputs[0];
  const wire = after && input ? [newWire(flow, after, { blockId: id, port: input.name })] : [];
  return { id, commands: [{ type: "ADD_BLOCK", block }, ...wire] };
}

export function newWire(flow: Flow, from: Plug, to: Plug): Command {
  const id = freshId("edge", new Set(flow.edges.map((e) => e.id)));
  return { type: "ADD_EDGE", edge: { id, source: from.blockId, sourcePort: from.port, target: to.blockId, targetPort: to.port } };
}

/** A block's first output that no wire leaves. */
export function freeOutput(flow: Flow, types: Types, block: Block): Plug | null {
  const free = outputsOf(types.get(block.type), block).find((port) => !flow.edges.some((e) => e.source === block.id && e.sourcePort === port.name));
  return free ? { blockId: block.id, port: free.name } : null;
}

export function firstInput(types: Types, block: Block): Plug | null {
  const input = types.get(block.type)?.inputs[0];
  return input ? { blockId: block.id, port: input.name } : null;
}

/** Moves all blocks to where an orderly drawing has them. */
export function tidied(flow: Flow, types: Types): Command[] {
  return [...tidy(flow, types)].flatMap(([blockId, position]): Command[] => {
    const block = flow.blocks.find((b) => b.id === blockId)!;
    const same = block.position.x === position.x && block.position.y === position.y;
    return same ? [] : [{ type: "MOVE_BLOCK", blockId, position }];
  });
}

const NUDGES: Readonly<Record<string, readonly [number, number]>> = { ArrowRight: [16, 0], ArrowLeft: [-16, 0], ArrowUp: [0, -16], ArrowDown: [0, 16] };

/** Moves the chosen blocks a little, the way of an arrow key. */
export function nudged(flow: Flow, chosen: ReadonlySet<string>, key: string): Command[] {
  const step = NUDGES[key];
  if (!step) return [];
  const [x, y] = step;
  return flow.blocks.filter((b) => chosen.has(b.id)).map((b) => ({ type: "MOVE_BLOCK", blockId: b.id, position: { x: b.position.x + x, y: b.position.y + y } }));
}

/** A new block begins with what has to be chosen, as its type's example chooses; everything else is the person's to fill. */
function startConfig(kind: BlockType): Record<string, Json> {
  const { required = [], properties = {} } = kind.configSchema;
  return Object.fromEntries(
    required.flatMap((key) => {
      const options = properties[key]?.enum;
      return options?.length ? [[key, kind.example?.[key] ?? options[0]!]] : [];
    }),
  );
}
