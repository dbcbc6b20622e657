/** Going back: undo and redo, two versions over each other, an old version or snapshot made the newest. */

import { ApiError } from "./api";
import { closeComparison, openComparison } from "./compare";
import { blockById } from "./flow";
import type { CanvasSession } from "./session";

export class HistoryActs {
  constructor(private readonly session: CanvasSession) {}

  /** Takes the last change back, or a named one. */
  undo(groupId?: string): Promise<void> {
    return this.attempt(() => this.session.document.undo(groupId ? { groupId } : {}));
  }

  redo(): Promise<void> {
    return this.attempt(() => this.session.document.redo());
  }

  /** Takes back a change and all that came after it, or says what stands in the way and leaves all as it is. */
  undoTo(toGroupId: string): Promise<void> {
    this.close();
    return this.attempt(() => this.session.document.undo({ toGroupId }));
  }

  /** Lays two versions over each other on the board. */
  async compare(from: number, to: number): Promise<void> {
    try {
      await this.session.document.flush();
      await openComparison(this.session, from, to);
      if (!this.session.store.get().historyPanel) this.session.inspectHistory();
    } catch (problem) {
      this.session.running.complain(problem);
    }
  }

  /** Ends a comparison. */
  close(): void {
    closeComparison(this.session);
  }

  /** Makes an old version's flow the newest one. */
  async restore(version: number): Promise<void> {
    this.close();
    const { document, hub, functionId } = this.session;
    await this.attempt(() => document.replace((now) => hub.api.editing.restore(functionId, version, now)));
  }

  async restoreSnapshot(id: string): Promise<void> {
    this.close();
    const { document, hub } = this.session;
    await this.attempt(() => document.replace(() => hub.api.editing.restoreSnapshot(id)));
  }

  /** Does it, or says what stands in the way. */
  private async attempt(call: () => Promise<void>): Promise<void> {
    const { store, running } = this.session;
    try {
      await call();
      if (store.get().notice?.standing) store.set({ notice: null });
    } catch (problem) {
      if (!(problem instanceof ApiError) || problem.code !== "CONFLICT") {
        running.complain(problem);
        return;
      }
      const { blockId, groupId } = problem.body;
      store.set({ notice: { tone: "error", text: problem.message, standing: { blockId: blockId ?? null, groupId: groupId ?? null } } });
      if (blockId && blockById(store.get().flow, blockId)) this.session.select([blockId]);
    }
  }
}
