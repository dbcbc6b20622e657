/**
 * The function being edited: the server's state with this widget's unsaved steps on top. Each gesture is one step, sent at
 * once as one batch with the version that it was made on, and is one undo there; typing is sent when it pauses. A step that
 * turns out stale goes onto the new state if the blocks it touches are unchanged there, otherwise the person chooses.
 * Nothing typed is lost: unsaved steps also stand in the browser's storage.
 */

import { ApiError, randomKey, type Api } from "./api";
import { reuse, withCommands } from "./applied";
import { applyChanges } from "./changes";
import { equal, fold, type Command } from "./commands";
import type { DraftBox } from "./drafts";
import { browserTimers, type Timers } from "./events";
import { effective, mayReplay, replayed } from "./replay";
import { toSend } from "./sending";
import type { CanvasState } from "./state";
import { typingIn, type Step } from "./steps";
import type { Store } from "./store";
import { UndoNames } from "./undoNames";
import type { BatchResult, WireEvents, WorkflowFunction } from "./wire";

/** Typing is sent when it pauses so long, and while it goes on at least so often. */
const TYPING_MS = 200;
const TYPING_MOST_MS = 1000;
const REFRESH_MS = 150;
const RETRY_MS = [1000, 2000, 4000, 8000, 15_000, 30_000];

export class FunctionDocument {
  private base: WorkflowFunction | null = null;
  /** Oldest first; `inflight` is the first of them while it is on its way. */
  private steps: Step[] = [];
  private inflight: Step | null = null;
  /** Steps taken back before the server knew of them. */
  private dropped: Step[] = [];
  private cancelTimer: (() => void) | null = null;
  private cancelRefresh: (() => void) | null = null;
  private typingSince = 0;
  private saveRunning: Promise<void> | null = null;
  private failures = 0;
  private theirs: WorkflowFunction | null = null;
  private closed = false;
  /** Fields that hold typing back for a moment: each hands it over when asked. */
  private readonly holders = new Set<() => void>();
  private turns: Promise<unknown> = Promise.resolve();
  private readonly names: UndoNames;

  constructor(
    private readonly id: string,
    private readonly api: Api,
    private readonly store: Store<CanvasState>,
    private readonly drafts: DraftBox,
    private readonly timers: Timers = browserTimers,
  ) {
    this.names = new UndoNames(id, api, store, () => ({ unsent: this.steps.at(-1), dropped: this.dropped.at(-1) }));
  }

  async load(): Promise<void> {
    const fresh = await this.api.getFunction(this.id);
    const draft = this.base ? null : this.drafts.read();
    if (draft?.steps?.length) {
      // Of which version it was is not known any more: what others did since has to be looked at.
      this.base = { ...fresh, flow: draft.base, version: 0 };
      this.steps = draft.steps;
    }
    if (this.isUnsure) this.adopt({ ...fresh, flow: this.base?.flow ?? fresh.flow, version: this.steps[0]!.sent!.version });
    else this.rebase(fresh);
    this.names.learn();
    this.schedule(0);
  }

  /** Makes an edit: shown at once, and one step to take back. `group` joins repeated small edits, such as moves by keys. */
  edit(commands: readonly Command[], group: string | null = null): void {
    const { flow } = this.store.get();
    const does = effective(flow, commands);
    if (!this.base || !does.length) return;
    const typing = group ?? typingIn(flow, does);
    const last = this.steps.at(-1);
    if (typing !== null && last && last !== this.inflight && !last.sent && last.typing === typing) last.commands = fold([...last.commands, ...does]);
    else {
      this.steps.push({ commands: fold(does), typing });
      this.typingSince = performance.now();
    }
    this.dropped = [];
    this.show(this.inflight ? "saving" : "dirty");
    const left = TYPING_MOST_MS - (performance.now() - this.typingSince);
    this.schedule(typing === null ? 0 : Math.max(0, Math.min(TYPING_MS, left)));
  }

  /** Takes the last change back: on the server, so that a reload or another view can too. Rejects with what stands in the way. */
  undo(what: { groupId?: string; toGroupId?: string } = {}): Promise<void> {
    return this.inTurn(async () => {
      if (this.isStuck && !what.groupId && !what.toGroupId) return this.takeBackUnsent();
      await this.flush();
      await this.api.editing.undo(this.id, what);
      await this.reload();
    });
  }

  redo(): Promise<void> {
    return this.inTurn(async () => {
      const step = this.dropped.pop();
      if (step) {
        this.steps.push({ commands: step.commands, typing: null });
        this.show("dirty");
        this.schedule(0);
        return;
      }
      await this.flush();
      await this.api.editing.redo(this.id);
      await this.reload();
    });
  }

  /** Something other than an edit made a new version, such as a restore: waits for what is unsaved, then shows the result. */
  async replace(call: (version: number) => Promise<WorkflowFunction>): Promise<void> {
    await this.inTurn(async () => {
      await this.flush();
      if (!this.base) return;
      this.rebase(await call(this.base.version));
      this.names.learn();
    });
  }

  /** Asks `handOver` for what is typed and not told yet before another state is shown; answers how to end that. */
  holdsTyping(handOver: () => void): () => void {
    this.holders.add(handOver);
    return () => void this.holders.delete(handOver);
  }

  /** Ends the merging of typing into one step. */
  settle(): void {
    const last = this.steps.at(-1);
    if (!last?.typing) return;
    last.typing = null;
    this.schedule(0);
  }

  /** Saves now. Resolves when all edits made so far are with the server; rejects when they cannot be. */
  async flush(): Promise<void> {
    this.cancelTimer?.();
    while (this.steps.length) {
      await this.save();
      const { savingNote } = this.store.get();
      if (this.isStuck) throw new ApiError(0, { code: "UNSAVED", message: savingNote ?? "The last edits are not saved yet" });
    }
  }

  /** Another client changed the function. */
  async onRemote(version: number, told: Partial<WireEvents["function"]> = {}): Promise<void> {
    if (this.saveRunning) await this.saveRunning.catch(() => undefined);
    if (!this.base || version <= this.base.version) return;
    if (this.isUnsure) {
      this.schedule(0);
      return;
    }
    const next = told.changes && version === this.base.version + 1 ? applyChanges({ ...this.base, updatedBy: told.updatedBy ?? null }, told.changes, version) : null;
    if (!next) {
      await this.reload();
      return;
    }
    const { cards: _cards, ...known } = next;
    this.rebase(known);
    if (told.kind === "command" && told.groupId) this.names.made({ label: told.label ?? "", author: told.updatedBy ?? null, groupId: told.groupId });
    else this.names.learn();
    if (told.changes!.some((c) => c.type !== "set" || c.path[0] !== "position")) this.refreshSoon();
  }

  /** Ends a conflict: with this widget's edits on top of the other state, or without them. */
  resolve(choice: "mine" | "theirs"): void {
    const { theirs } = this;
    if (!theirs) return;
    if (choice === "theirs") this.steps = [];
    this.theirs = null;
    this.store.set({ theirs: null, before: null });
    this.adopt(theirs);
    this.names.learn();
    this.schedule(0);
  }

  /** Drops the step that the server refused, with those that came after it. */
  giveUp(): void {
    this.steps = [];
    this.show("saved");
    void this.reload().catch(() => undefined);
  }

  retryNow(): void {
    if (this.steps.length) this.schedule(0);
  }

  close(): void {
    this.closed = true;
    this.names.close();
    this.cancelTimer?.();
    this.cancelRefresh?.();
    if (this.steps.length && !this.theirs) void this.save();
  }

  /** Whether the first step was sent and no answer came: it may or may not be with the server. */
  private get isUnsure(): boolean {
    return this.inflight === null && this.steps[0]?.sent !== undefined;
  }

  private get isStuck(): boolean {
    const { saving } = this.store.get();
    return saving === "offline" || saving === "refused" || saving === "conflict";
  }

  private inTurn<T>(what: () => Promise<T>): Promise<T> {
    const mine = this.turns.then(what);
    this.turns = mine.catch(() => undefined);
    return mine;
  }

  private takeBackUnsent(): void {
    const step = this.steps.pop();
    if (!step) return;
    this.dropped.push(step);
    if (this.theirs && !this.steps.length) this.resolve("theirs");
    else this.show(this.steps.length ? this.store.get().saving : "saved");
  }

  private schedule(ms: number): void {
    this.cancelTimer?.();
    if (this.theirs || !this.steps.length) return;
    if (ms === 0) void this.save();
    else this.cancelTimer = this.timers.later(() => void this.save(), ms);
  }

  private save(): Promise<void> {
    this.saveRunning ??= this.saveOnce().finally(() => {
      this.saveRunning = null;
      const next = this.steps[0];
      if (next && !this.isStuck && !this.closed) this.schedule(next.typing === null || this.steps.length > 1 ? 0 : TYPING_MS);
    });
    return this.saveRunning;
  }

  private async saveOnce(): Promise<void> {
    const { base } = this;
    const step = this.steps[0];
    if (!base || this.theirs || !step) return;
    const commands = step.sent?.commands ?? effective(base.flow, step.commands);
    if (!commands.length) {
      this.steps.shift();
      this.show(this.steps.length ? "dirty" : "saved");
      return;
    }
    const sent = (step.sent ??= { key: randomKey(), version: base.version, commands });
    this.inflight = step;
    this.show("saving");
    try {
      const answer = await this.api.editing.batch(this.id, toSend(base.flow, sent.commands), sent.version, sent.key);
      this.inflight = null;
      await this.onSaved(step, answer);
    } catch (problem) {
      this.inflight = null;
      await this.onRefusal(step, problem);
    }
  }

  private async onSaved(step: Step, answer: BatchResult): Promise<void> {
    const base = this.base!;
    const version = answer.versions[this.id] ?? step.sent!.version;
    const wasLost = this.failures > 0;
    this.failures = 0;
    this.steps = this.steps.filter((other) => other !== step);
    const made = withCommands(base, step.sent!.commands, version);
    if (version === base.version + 1 || version === base.version) {
      this.adopt(made);
      if (answer.groupId) this.names.made({ label: answer.label ?? "", author: null, groupId: answer.groupId });
      if (wasLost || step.sent!.commands.some((c) => c.type !== "MOVE_BLOCK")) this.refreshSoon();
    } else {
      // An answer from before a cut: others have gone on since.
      this.base = made;
      await this.reload();
    }
  }

  private async onRefusal(step: Step, problem: unknown): Promise<void> {
    const error = problem instanceof ApiError ? problem : new ApiError(0, { code: "OFFLINE", message: String(problem) });
    if (error.code === "VERSION_CONFLICT") {
      delete step.sent;
      try {
        await this.reload();
        return;
      } catch {
        // The server left between the two calls: try again like any lost call.
      }
    } else if (!error.mayPass) {
      delete step.sent;
      const detail = error.details[0]?.issue;
      this.show("refused", detail && !error.message.includes(detail) ? `${error.message}: ${detail}` : error.message);
      return;
    }
    this.show("offline", error.status === 0 ? "Offline, will retry; your edits are kept here" : error.message);
    if (this.closed) return;
    this.cancelTimer = this.timers.later(() => void this.save(), RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)]!);
  }

  private async reload(): Promise<void> {
    const before = this.base?.version;
    this.rebase(await this.api.getFunction(this.id));
    if (this.base?.version !== before) this.names.learn();
  }

  /** After a while without edits: what the server makes of them, such as the words on the cards. */
  private refreshSoon(): void {
    this.cancelRefresh?.();
    this.cancelRefresh = this.timers.later(() => void this.reload().catch(() => undefined), REFRESH_MS);
  }

  /** Puts this widget's unsaved steps onto a newer state of the server. */
  private rebase(fresh: WorkflowFunction): void {
    const { base } = this;
    if (base && fresh.version < base.version) return;
    if (base && fresh.version > base.version) for (const handOver of this.holders) handOver();
    if (base && this.steps.length && fresh.version !== base.version) {
      // What is on its way was made on `base`: its own answer says what becomes of it.
      if (this.inflight) return;
      const unsaved = this.steps.flatMap((step) => step.commands);
      if (!mayReplay(base.flow, fresh.flow, unsaved)) {
        this.theirs = fresh;
        this.store.set({ theirs: fresh.flow, before: base.flow });
        this.show("conflict", "This function was changed elsewhere, in the same blocks");
        return;
      }
      const moved = replayed(base.flow, fresh.flow, unsaved);
      let at = 0;
      for (const step of this.steps) {
        step.commands = moved.slice(at, (at += step.commands.length));
        delete step.sent;
      }
    }
    this.adopt(fresh);
  }

  private adopt(fresh: WorkflowFunction): void {
    this.base = { ...fresh, flow: reuse(this.base?.flow, fresh.flow) };
    const { breakpoints, cards } = fresh;
    const { flow } = this.base;
    const said = cards ? flow.blocks.flatMap((b) => (cards[b.id] ? [[b.id, { text: cards[b.id]!.text, config: b.config }]] : [])) : null;
    const lines = said ? { lines: Object.fromEntries(said) as CanvasState["lines"] } : {};
    this.store.set({ phase: "ready", problem: null, breakpoints: breakpoints ?? [], ...lines });
    this.show(this.inflight ? "saving" : this.steps.length ? "dirty" : "saved");
  }

  private show(saving: CanvasState["saving"], note: string | null = null): void {
    this.drafts.write(this.base && this.steps.length ? { base: this.base.flow, steps: this.steps } : null);
    const { flow: before, fn: old } = this.store.get();
    if (this.base) {
      const now = withCommands(this.base, this.steps.flatMap((step) => step.commands), this.base.version);
      const { flow, breakpoints: _breakpoints, cards: _cards, ...fn } = now;
      this.store.set({ flow: reuse(before, flow), fn: equal(old, fn) ? old : fn });
    }
    this.store.set({ saving: this.theirs ? "conflict" : saving, savingNote: note });
    this.names.tell();
  }
}
