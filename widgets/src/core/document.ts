/**
 * The function being edited: the server's state with this widget's unsaved commands on top. Saving sends the whole flow
 * with the version it was made on; when that is stale, the commands go onto the new state if the blocks they touch are
 * unchanged there, otherwise the person chooses. Nothing typed is lost: unsaved commands also stand in the browser's storage.
 */

import { ApiError, type Api } from "./api";
import { applyAll, equal, fold, invertAll, mayReplay, type Command } from "./commands";
import { browserTimers, type Timers } from "./events";
import type { CanvasState } from "./state";
import type { Store } from "./store";
import type { Flow, WorkflowFunction } from "./wire";

const SETTLE_MS = 400;
const RETRY_MS = [1000, 2000, 4000, 8000, 15_000, 30_000];

interface Step {
  forward: Command[];
  inverse: Command[];
}

/** What is kept in the browser until the server has it. */
export interface Draft {
  base: Flow;
  commands: Command[];
}

export interface DraftBox {
  read: () => Draft | null;
  write: (draft: Draft | null) => void;
}

export class FunctionDocument {
  private base: WorkflowFunction | null = null;
  private inflight: Command[] = [];
  private pending: Command[] = [];
  private undoStack: Step[] = [];
  private redoStack: Step[] = [];
  private cancelTimer: (() => void) | null = null;
  private saveRunning: Promise<void> | null = null;
  private failures = 0;
  private theirs: WorkflowFunction | null = null;
  private closed = false;
  private typing = false;

  constructor(
    private readonly id: string,
    private readonly api: Api,
    private readonly store: Store<CanvasState>,
    private readonly drafts: DraftBox,
    private readonly timers: Timers = browserTimers,
  ) {}

  async load(): Promise<void> {
    const fresh = await this.api.getFunction(this.id);
    const draft = this.base ? null : this.drafts.read();
    if (draft) {
      this.base = { ...fresh, flow: draft.base };
      this.pending = draft.commands;
    }
    this.rebase(fresh);
  }

  /** Makes an edit: shown at once, saved when it settles, undone as one step. */
  edit(commands: readonly Command[]): void {
    if (!this.base || commands.length === 0) return;
    const inverse = invertAll(this.store.get().flow, commands);
    if (inverse.length === 0) return;
    const last = this.undoStack.at(-1);
    if (last && this.typing && sameTyping(last.forward, commands)) {
      last.forward = [...commands];
    } else {
      this.undoStack.push({ forward: [...commands], inverse });
      if (this.undoStack.length > 200) this.undoStack.shift();
    }
    this.typing = true;
    this.redoStack = [];
    this.push(commands);
  }

  undo(): void {
    const step = this.undoStack.pop();
    if (!step) return;
    this.redoStack.push(step);
    this.push(step.inverse);
  }

  redo(): void {
    const step = this.redoStack.pop();
    if (!step) return;
    this.undoStack.push(step);
    this.push(step.forward);
  }

  /** Ends the merging of typing into one undo step. */
  settle(): void {
    this.typing = false;
  }

  /** Changes the function's own name; not part of the flow, so saved at once. */
  rename(name: string): Promise<void> {
    return this.change({ name });
  }

  describe(description: string): Promise<void> {
    return this.change({ description });
  }

  private async change(what: { name: string } | { description: string }): Promise<void> {
    await this.flush();
    if (!this.base) return;
    this.rebase(await this.api.putFunction(this.id, { ...what, expectedVersion: this.base.version }));
  }

  /** Saves now. Resolves when all edits made so far are with the server; rejects when they cannot be. */
  async flush(): Promise<void> {
    this.cancelTimer?.();
    while (this.inflight.length || this.pending.length) {
      await this.save();
      const { saving, savingNote } = this.store.get();
      if (saving === "offline" || saving === "refused" || saving === "conflict") {
        throw new ApiError(0, { code: "UNSAVED", message: savingNote ?? "The last edits are not saved yet" });
      }
    }
  }

  /** Another client changed the function. */
  async onRemote(version: number): Promise<void> {
    if (this.saveRunning) await this.saveRunning.catch(() => undefined);
    if (!this.base || version <= this.base.version) return;
    this.rebase(await this.api.getFunction(this.id));
  }

  /** Ends a conflict: with this widget's edits on top of the other state, or without them. */
  resolve(choice: "mine" | "theirs"): void {
    const { theirs } = this;
    if (!theirs) return;
    if (choice === "theirs") {
      this.pending = [];
      this.inflight = [];
    }
    this.theirs = null;
    this.adopt(theirs);
    this.schedule(0);
  }

  retryNow(): void {
    if (this.pending.length) this.schedule(0);
  }

  close(): void {
    this.closed = true;
    this.cancelTimer?.();
    if (this.pending.length && !this.theirs) void this.save();
  }

  private push(commands: readonly Command[]): void {
    this.pending = fold([...this.pending, ...commands]);
    this.show("dirty");
    this.schedule(SETTLE_MS);
  }

  private schedule(ms: number): void {
    this.cancelTimer?.();
    if (this.theirs || this.pending.length === 0) return;
    this.cancelTimer = this.timers.later(() => void this.save(), ms);
  }

  private save(): Promise<void> {
    this.saveRunning ??= this.saveOnce().finally(() => {
      this.saveRunning = null;
    });
    return this.saveRunning;
  }

  private async saveOnce(): Promise<void> {
    const { base } = this;
    if (!base || this.theirs || this.pending.length === 0) return;
    this.inflight = this.pending;
    this.pending = [];
    this.show("saving");
    try {
      const flow = applyAll(base.flow, this.inflight);
      const saved = await this.api.putFunction(this.id, { flow, expectedVersion: base.version });
      this.failures = 0;
      this.inflight = [];
      this.adopt(saved);
      this.schedule(SETTLE_MS);
    } catch (problem) {
      this.pending = [...this.inflight, ...this.pending];
      this.inflight = [];
      await this.onRefusal(problem);
    }
  }

  private async onRefusal(problem: unknown): Promise<void> {
    const error = problem instanceof ApiError ? problem : new ApiError(0, { code: "OFFLINE", message: String(problem) });
    if (error.code === "VERSION_CONFLICT") {
      try {
        this.rebase(await this.api.getFunction(this.id));
        return;
      } catch {
        // The server left between the two calls: try again like any lost call.
      }
    } else if (!error.mayPass) {
      const detail = error.details[0]?.issue;
      this.show("refused", detail ? `${error.message}: ${detail}` : error.message);
      return;
    }
    this.show("offline", error.status === 0 ? "Offline, will retry; your edits are kept here" : error.message);
    if (!this.closed) this.schedule(RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)]!);
  }

  /** Puts this widget's unsaved commands onto a newer state of the server. */
  private rebase(fresh: WorkflowFunction): void {
    const unsaved = [...this.inflight, ...this.pending];
    const { base } = this;
    if (base && unsaved.length) {
      if (sameFlow(applyAll(base.flow, unsaved), fresh.flow)) {
        this.pending = [];
        this.inflight = [];
      } else if (!mayReplay(base.flow, fresh.flow, unsaved)) {
        this.theirs = fresh;
        this.show("conflict", "This function was changed elsewhere, in the same blocks");
        return;
      }
    }
    this.adopt(fresh);
    if (this.inflight.length === 0) this.schedule(SETTLE_MS);
  }

  private adopt(fresh: WorkflowFunction): void {
    this.base = { ...fresh, flow: reuse(this.base?.flow, fresh.flow) };
    const { flow, breakpoints, cards, ...fn } = fresh;
    const said = cards ? flow.blocks.flatMap((b) => (cards[b.id] ? [[b.id, { text: cards[b.id]!.text, config: b.config }]] : [])) : null;
    const lines = said ? { lines: Object.fromEntries(said) as CanvasState["lines"] } : {};
    this.store.set({ phase: "ready", problem: null, fn, breakpoints: breakpoints ?? [], ...lines });
    this.show(this.pending.length ? "dirty" : this.inflight.length ? "saving" : "saved");
  }

  private show(saving: CanvasState["saving"], note: string | null = null): void {
    const unsaved = [...this.inflight, ...this.pending];
    this.drafts.write(this.base && unsaved.length ? { base: this.base.flow, commands: unsaved } : null);
    const before = this.store.get().flow;
    const now = this.base ? applyAll(this.base.flow, unsaved) : before;
    this.store.set({
      flow: reuse(before, now),
      saving: this.theirs ? "conflict" : saving,
      savingNote: note,
      canUndo: this.undoStack.length > 0,
      canRedo: this.redoStack.length > 0,
    });
  }
}

/** Whether an edit goes on with the typing of the one before it, so that one undo takes both back. */
function sameTyping(before: readonly Command[], now: readonly Command[]): boolean {
  const [a, b] = [before[0], now[0]];
  return (
    before.length === 1 && now.length === 1 && a?.type === "UPDATE_BLOCK" && b?.type === "UPDATE_BLOCK" &&
    a.blockId === b.blockId && a.config !== undefined && b.config !== undefined && a.name === undefined && b.name === undefined
  );
}

/** The new flow with every block and edge that is equal to the old one's being the same object: views redraw less. */
export function reuse(old: Flow | undefined, now: Flow): Flow {
  if (!old || old === now) return now;
  const blocks = new Map(old.blocks.map((b) => [b.id, b]));
  const edges = new Map(old.edges.map((e) => [e.id, e]));
  return {
    ...now,
    blocks: now.blocks.map((b) => (equal(blocks.get(b.id), b) ? blocks.get(b.id)! : b)),
    edges: now.edges.map((e) => (equal(edges.get(e.id), e) ? edges.get(e.id)! : e)),
  };
}

/** Equal but for what the server fills in by default. */
export function sameFlow(a: Flow, b: Flow): boolean {
  const plain = (flow: Flow) => ({
    blocks: flow.blocks.map((x) => ({ ...x, disabled: x.disabled ?? false, policy: x.policy ?? null })),
    edges: flow.edges,
    variables: flow.variables,
  });
  return equal(plain(a), plain(b));
}
