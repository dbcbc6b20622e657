/** Copied blocks as JSON text, and the commands that paste them with fresh ids and names. Pure. */

import type { Command } from "./commands";
import { freshId, freshName, handleOf } from "./flow";
import { renameInConfig } from "./rename";
import type { Block, BlockType, Edge, Flow, Position } from "./wire";

export interface Clip {
  workbench: "blocks";
  blocks: Block[];
  edges: Edge[];
}

/** The chosen blocks with the edges between them. */
export function copyText(flow: Flow, ids: ReadonlySet<string>): string {
  const clip: Clip = {
    workbench: "blocks",
    blocks: flow.blocks.filter((b) => ids.has(b.id)),
    edges: flow.edges.filter((e) => ids.has(e.source) && ids.has(e.target)),
  };
  return JSON.stringify(clip, null, 1);
}

/** The clip in a text, or null when it is something else. */
export function readClip(text: string): Clip | null {
  try {
    const clip = JSON.parse(text) as Partial<Clip> | null;
    if (clip?.workbench !== "blocks" || !Array.isArray(clip.blocks) || !Array.isArray(clip.edges)) return null;
    const sound = clip.blocks.every(
      (b) => typeof b?.id === "string" && typeof b.type === "string" && typeof b.name === "string" && typeof b.position?.x === "number",
    );
    return sound && clip.blocks.length ? (clip as Clip) : null;
  } catch {
    return null;
  }
}

/** Pastes a clip: ids and names are new, and expressions among the pasted blocks follow their new names. */
export function pasteCommands(
  flow: Flow,
  types: ReadonlyMap<string, BlockType>,
  clip: { blocks: Block[]; edges: Edge[] },
  offset: Position,
): { commands: Command[]; blockIds: string[] } {
  const ids = new Set(flow.blocks.map((b) => b.id));
  const names = flow.blocks.map((b) => b.name);
  const newIds = new Map<string, string>();
  const renamed = new Map<string, string>();
  const blocks = clip.blocks.map((block) => {
    const id = freshId(block.type, ids);
    const name = freshName(block.name, names);
    ids.add(id);
    names.push(name);
    newIds.set(block.id, id);
    if (handleOf(name) !== handleOf(block.name)) renamed.set(handleOf(block.name), handleOf(name));
    return { ...block, id, name, position: { x: block.position.x + offset.x, y: block.position.y + offset.y } };
  });
  const commands: Command[] = blocks.map((block) => ({
    type: "ADD_BLOCK",
    block: renamed.size ? { ...block, config: renameInConfig(block, types.get(block.type), renamed) } : block,
  }));
  const edgeIds = new Set(flow.edges.map((e) => e.id));
  for (const edge of clip.edges) {
    const source = newIds.get(edge.source);
    const target = newIds.get(edge.target);
    if (!source || !target) continue;
    const id = freshId("edge", edgeIds);
    edgeIds.add(id);
    commands.push({ type: "ADD_EDGE", edge: { ...edge, id, source, target } });
  }
  return { commands, blockIds: blocks.map((b) => b.id) };
}
