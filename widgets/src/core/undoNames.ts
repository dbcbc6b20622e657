/** What undo takes back and redo makes again, by name: as the server says, and of steps that it does not have yet. */

import type { Api } from "./api";
import { equal } from "./commands";
import type { CanvasState, UndoName } from "./state";
import { labelOf, type Step } from "./steps";
import type { Store } from "./store";

export class UndoNames {
  private asking: Promise<void> | null = null;
  private closed = false;

  constructor(
    private readonly functionId: string,
    private readonly api: Api,
    private readonly store: Store<CanvasState>,
    /** The last step that the server does not have, and the last one that was taken back before it did. */
    private readonly local: () => { unsent: Step | undefined; dropped: Step | undefined },
  ) {}

  /** Asks what can be taken back and made again, and what each is called; once more if something comes meanwhile. */
  learn(): void {
    const ask = async () => {
      const { meta } = await this.api.editing.history(this.functionId, { limit: 1 });
      if (!this.closed) this.store.set({ undone: { undo: meta.undo, redo: meta.redo } });
      this.tell();
    };
    this.asking = (this.asking ?? Promise.resolve()).then(ask).catch(() => undefined);
  }

  /** A new change is the one to undo now, and nothing is to redo. */
  made(undo: UndoName): void {
    this.store.set({ undone: { undo, redo: null } });
    this.tell();
  }

  tell(): void {
    const { undone, flow, undo: oldUndo, redo: oldRedo } = this.store.get();
    const { unsent, dropped } = this.local();
    const undo: UndoName | null = unsent ? { label: labelOf(flow, unsent.commands), author: null } : undone.undo;
    const redo: UndoName | null = dropped ? { label: labelOf(flow, dropped.commands), author: null } : unsent ? null : undone.redo;
    this.store.set({ ...(equal(oldUndo, undo) ? {} : { undo }), ...(equal(oldRedo, redo) ? {} : { redo }) });
  }

  close(): void {
    this.closed = true;
  }
}
