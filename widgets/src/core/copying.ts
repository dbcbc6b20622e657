/** Copies of blocks: out as text, in from a text of this or another canvas, or beside what they are copies of. */

import { copyText, pasteCommands, readClip, type Clip } from "./clipboard";
import type { CanvasSession } from "./session";
import type { Block, Position } from "./wire";

export class Copying {
  private clip = "";
  /** How often the last copy was pasted. */
  private pasted = 0;

  constructor(private readonly session: CanvasSession) {}

  copy(): string {
    const { flow, selectedBlocks } = this.session.store.get();
    this.clip = copyText(flow, selectedBlocks);
    this.pasted = 0;
    return this.clip;
  }

  /** Pastes a text that `copy` made, here or in another canvas; answers whether it was one. */
  paste(text: string = this.clip): boolean {
    const clip = readClip(text);
    if (clip) this.put(clip, ++this.pasted);
    return clip !== null;
  }

  duplicate(): void {
    const { flow, selectedBlocks } = this.session.store.get();
    const clip = readClip(copyText(flow, selectedBlocks));
    if (clip) this.put(clip, 1);
  }

  private put(clip: Clip, times: number): void {
    const { flow, types } = this.session.store.get();
    const { commands, blockIds } = pasteCommands(flow, types, clip, below(clip.blocks, times));
    this.session.edit(commands);
    this.session.select(blockIds);
  }
}

/** How far copies go: under what they are copies of, so that nothing is covered. */
function below(blocks: readonly Block[], times: number): Position {
  const tops = blocks.map((b) => b.position.y);
  return { x: 24 * times, y: (Math.max(...tops) - Math.min(...tops) + 96) * times };
}
