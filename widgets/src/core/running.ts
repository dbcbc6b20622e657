/** Running and debugging the function of a canvas: commands to the server, and what comes back from it. */

import { againWords } from "./again";
import { ApiError, checkpointId, type Api } from "./api";
import type { FunctionDocument } from "./document";
import { hasEnded } from "./format";
import { fieldsIn } from "./hints";
import { failedIterations } from "./iterations";
import { cachedRegions, pathOf } from "./regions";
import { fromCheckpoints, onBlocks, onDebug, onRun, viewOf, type RunView } from "./runview";
import { belongs, pausedAt, pausedInside, shownState, type CanvasState } from "./state";
import type { Store } from "./store";
import type { Breakpoint, DebugState, Json, RetryOptions, Run, RunAgain, StepMode, ValuePage, WireEvents } from "./wire";

/** So many steps may wait for one under way. */
const MOST_DEBUG_ACTS = 5;

export class Running {
  private underWay: Promise<void> = Promise.resolve();
  private debugActs = 0;
  /** Breakpoints on their way to the server: what runs next has to stop at these. */
  private marking: Promise<void> = Promise.resolve();
  private follows = 0;
  /** Blocks that events told of while an answer was under way: the events are newer. */
  private toldMeanwhile = new Set<string>();
  private values = new Map<string, Promise<ValuePage>>();
  private learned = new Set<string>();

  constructor(
    private readonly functionId: string,
    private readonly api: Api,
    private readonly store: Store<CanvasState>,
    private readonly document: FunctionDocument,
    /** What the paths of this function's blocks begin with: more than nothing where a block of another one calls it. */
    private readonly root: string = "",
  ) {}

  get rootPath(): string {
    return this.root;
  }

  /** Whether a path is of this very function. */
  belongs(path: string | null | undefined): boolean {
    return belongs(this.store.get(), path);
  }

  /** The path of a block where the pagers stand now. */
  pathNow(blockId: string): string {
    const { flow, types, iterations } = this.store.get();
    return shownState(this.store.get(), blockId)?.lastPath ?? this.root + pathOf(cachedRegions(flow, types), blockId, iterations);
  }

  /** Shows the function's last run, if there is one. */
  async loadLast(): Promise<void> {
    const [last] = await this.api.lastRuns(this.functionId);
    if (last) await this.follow(last);
  }

  /** Shows an older run until `latest`, or until one is started here. */
  async show(run: Run): Promise<void> {
    await this.underWay; // a click while something is under way is not lost
    await this.act("show", async () => {
      this.store.set({ pinned: true });
      await this.follow(run);
    });
  }

  /** Shows the newest run, and each newer one as it comes. */
  async latest(): Promise<void> {
    await this.underWay; // a click while something is under way is not lost
    await this.act("show", async () => {
      this.store.set({ pinned: false });
      await this.loadLast();
    });
  }

  /** Starts a run of what is on the canvas now. */
  async start(debug: boolean, inputs?: Record<string, Json>): Promise<void> {
    await this.act(debug ? "debug" : "run", async () => {
      await this.document.flush();
      await this.marking;
      const run = await this.api.createRun({ functionId: this.functionId, debug, ...(inputs ? { inputs } : {}) });
      this.store.set({ pinned: false });
      await this.follow(run);
    });
  }

  async cancel(): Promise<void> {
    const view = this.current();
    if (!view || hasEnded(view.run.status)) return;
    // Cancelling waits for nothing: a continue under way may take long to answer.
    try {
      await this.api.cancelRun(view.run.id);
      await this.refresh();
    } catch (problem) {
      this.complain(problem);
    }
  }

  /** Goes on from where the run ended without success; with options in a new run. Says in one line what was reused. */
  async retry(options: RetryOptions = {}): Promise<void> {
    await this.again((run) => (run.status === "dead_letter" && !Object.keys(options).length ? this.api.retryDeadLetter(run.id) : this.api.retryRun(run.id, options)));
  }

  /** A new run that shares all that was done up to and with a block's execution in view. */
  async forkAt(blockId: string): Promise<void> {
    const place = this.placeOf(blockId);
    if (place) await this.again((run) => this.api.forkRun(run.id, { checkpointId: checkpointId(place.path, place.attempt) }));
  }

  private async again(call: (run: Run) => Promise<RunAgain>): Promise<void> {
    await this.act("retry", async () => {
      const view = this.current();
      if (!view) return;
      await this.document.flush();
      const answer = await call(view.run);
      this.store.set({ pinned: false });
      this.values.clear();
      await this.follow(answer);
      this.store.set({ notice: { tone: "info", text: againWords(view.run, answer) } });
    });
  }

  async discard(): Promise<void> {
    const view = this.current();
    if (!view) return;
    await this.act("discard", async () => {
      await this.api.discardDeadLetter(view.run.id);
      this.store.set({ discarded: view.run.id });
      await this.refresh();
      this.store.set({ notice: { tone: "info", text: "Discarded: it is out of the dead letter list, its history stays" } });
    });
  }

  async resumeQueue(whose: "function" | "server"): Promise<void> {
    await this.act("resume", async () => {
      await this.api.resumeQueue(whose === "function" ? this.functionId : null);
      await this.refresh();
    });
  }

  /** Decides what a block waits for. */
  async decide(blockId: string, decision: "approve" | "reject", comment: string): Promise<void> {
    const state = shownState(this.store.get(), blockId);
    await this.act(decision, async () => {
      const view = this.current();
      if (!view) return;
      const path = state?.lastPath;
      await this.api.signal(view.run.id, "approval", { decision, ...(comment.trim() ? { comment: comment.trim() } : {}), ...(path ? { path } : {}) });
    });
  }

  /** Shows a run by its id, such as the one that this was forked from. */
  async showById(runId: string): Promise<void> {
    await this.underWay; // a click while something is under way is not lost
    await this.act("show", async () => {
      const run = await this.api.getRun(runId);
      this.store.set({ pinned: true });
      await this.follow(run);
    });
  }

  async go(): Promise<void> {
    await this.debugAct("continue", (id) => this.api.debugContinue(id));
  }

  async step(mode: StepMode): Promise<void> {
    await this.debugAct(mode, (id) => this.api.debugStep(id, mode));
  }

  async setVariable(name: string, value: Json): Promise<void> {
    await this.debugAct("variables", (id) => this.api.debugVariables(id, { [name]: value }));
  }

  async evaluate(expression: string): Promise<Json> {
    const view = this.current();
    if (!view) throw new Error("Nothing runs");
    return (await this.api.evaluate(view.run.id, expression)).value;
  }

  async toggleBreakpoint(blockId: string): Promise<void> {
    const has = this.store.get().breakpoints.some((b) => b.blockId === blockId);
    const kept = this.store.get().breakpoints.filter((b) => b.blockId !== blockId);
    await this.setBreakpoints(has ? kept : [...kept, { blockId }]);
  }

  async setBreakpoints(breakpoints: Breakpoint[]): Promise<void> {
    const before = this.store.get().breakpoints;
    this.store.set({ breakpoints });
    this.marking = this.marking.then(async () => {
      try {
        await this.document.flush();
        await this.api.setBreakpoints(this.functionId, breakpoints);
      } catch (problem) {
        if (this.store.get().breakpoints === breakpoints) this.store.set({ breakpoints: before });
        this.complain(problem);
      }
    });
    await this.marking;
  }

  /** Chooses which iteration of a scope the blocks inside it show; null follows the newest. */
  async page(scopeId: string, index: number | null): Promise<void> {
    const { [scopeId]: _old, ...others } = this.store.get().iterations;
    const iterations = index === null ? others : { ...others, [scopeId]: index };
    this.store.set({ iterations });
    const { flow, types, view } = this.store.get();
    if (!view) return;
    const regions = cachedRegions(flow, types);
    const states = { ...this.store.get().iterationStates };
    for (const region of regions.filter((r) => r.scopeId === scopeId)) for (const id of region.members) delete states[id];
    if (index !== null) {
      const prefix = `${this.root}${pathOf(regions, scopeId, iterations)}[${index}]/`;
      const found = await this.api.checkpoints(view.run.id, { prefix, limit: 200 });
      for (const state of fromCheckpoints(found.filter((c) => c.path.startsWith(prefix)))) states[state.blockId] = state;
    }
    if (this.store.get().iterations === iterations) this.store.set({ iterationStates: states });
  }

  /** Learns which iterations of a scope failed: those of its members' failed checkpoints. */
  async learnFailures(scopeId: string): Promise<void> {
    const { flow, types, view, iterations, failures } = this.store.get();
    if (!view) return;
    const regions = cachedRegions(flow, types);
    const scopePath = this.root + pathOf(regions, scopeId, iterations);
    const members = new Set(regions.filter((r) => r.scopeId === scopeId).flatMap((r) => [...r.members]));
    const failing = [...members].filter((id) => (view.blocks[id]?.failed ?? 0) > 0);
    const found = await Promise.all(
      failing.map((blockId) => this.api.checkpoints(view.run.id, { blockId, prefix: `${scopePath}[`, status: "failed", limit: 200 })),
    );
    if (this.current()?.run.id === view.run.id) this.store.set({ failures: { ...failures, [scopeId]: failedIterations(scopePath, found.flat()) } });
  }

  /** The path and attempt whose value the canvas shows for a block now; null before it ran. */
  placeOf(blockId: string): { path: string; attempt: number } | null {
    const state = shownState(this.store.get(), blockId);
    if (!state?.lastPath || state.status === "skipped") return null;
    return { path: state.lastPath, attempt: state.lastAttempt ?? 1 };
  }

  /** A block's value as the canvas shows it now, or of another attempt. */
  value(
    blockId: string,
    part: "output" | "input",
    query: { offset?: number; limit?: number; sort?: string; descending?: boolean } = {},
    given: { path: string; attempt: number } | null = null,
  ): Promise<ValuePage> {
    const view = this.current();
    const place = given ? { path: given.path, attempt: given.attempt } : this.placeOf(blockId);
    if (!view || !place) return Promise.reject(new Error("No value yet: this block has not run"));
    const key = JSON.stringify([view.run.id, place, part, query]);
    const known = this.values.get(key);
    if (known) return known;
    const loading = this.api.value(view.run.id, checkpointId(place.path, place.attempt), { part, limit: 100, ...query });
    this.values.set(key, loading);
    if (this.values.size > 60) this.values.delete(this.values.keys().next().value!);
    loading.catch(() => this.values.delete(key));
    return loading;
  }

  /** Looks into a block's value, once a run, so that completion can offer what is inside. */
  learnFields(blockId: string): void {
    const view = this.current();
    const place = view && this.placeOf(blockId);
    const key = view && place && `${view.run.id} ${place.path.replace(/\[\d+\]/g, "[]")}`;
    if (!key || this.learned.has(key)) return;
    this.learned.add(key);
    this.value(blockId, "output").then(
      (page) => this.current()?.run.id === view.run.id && this.store.set({ fields: { ...this.store.get().fields, [blockId]: fieldsIn(page) } }),
      () => this.learned.delete(key),
    );
  }

  onEvent(event: string, data: unknown): void {
    const view = this.current();
    if (event === "run") this.onRunEvent(data as Run, view);
    else if (event === "block" && view) {
      const told = data as WireEvents["block"];
      if (told.runId !== view.run.id) return;
      const items = told.items.filter((item) => this.belongs(item.path));
      for (const item of items) this.toldMeanwhile.add(item.blockId);
      if (items.length) this.store.set({ view: onBlocks(view, { ...told, items }) });
    } else if (event === "debug" && view) {
      const { state } = data as WireEvents["debug"];
      this.takeDebug(state);
      if (state.runId === view.run.id && state.status === "paused") void this.learnBreakpointProblems(state);
    }
  }

  /** A stop's event was written before the breakpoints were judged; the debugger's own answer says whose expression failed. */
  private async learnBreakpointProblems(stop: DebugState): Promise<void> {
    if (!this.store.get().breakpoints.some((point) => point.condition || point.logMessage)) return;
    const now = await this.api.debugState(stop.runId).catch(() => null);
    if (now?.status === "paused" && this.current()?.debug?.path === now.path) this.takeDebug(now);
  }

  async refresh(): Promise<void> {
    const view = this.current();
    if (view) await this.follow(view.run);
  }

  private onRunEvent(run: Run, view: RunView | null): void {
    if (run.functionId !== this.functionId || run.parentRunId) return;
    if (view?.run.id === run.id) {
      this.store.set({ view: onRun(view, run) });
      if (hasEnded(run.status)) void this.refresh().catch(() => undefined);
    } else if (!view || (run.createdAt > view.run.createdAt && !this.store.get().pinned)) {
      void this.follow(run).catch(() => undefined);
    }
  }

  private async follow(run: Run): Promise<void> {
    const before = this.current();
    if (before?.run.id !== run.id) this.store.set({ view: viewOf(run), iterations: {}, iterationStates: {}, failures: {} });
    this.toldMeanwhile.clear();
    const mine = ++this.follows;
    const fresh = await this.api.getRun(run.id);
    const now = this.current();
    // An answer that a later question has overtaken is older than what that one brings.
    if (mine !== this.follows || (now && now.run.id !== run.id)) return;
    const view = viewOf({ ...fresh, ...(fresh.blockStates ? { blockStates: fresh.blockStates.filter((s) => this.belongs(s.lastPath)) } : {}) }, now?.debug ?? null);
    const newer = Object.fromEntries([...this.toldMeanwhile].flatMap((id) => (now?.blocks[id] ? [[id, now.blocks[id]]] : [])));
    this.store.set({ view: { ...view, blocks: { ...view.blocks, ...newer }, debug: hasEnded(fresh.status) ? null : view.debug } });
    if (fresh.debug && !hasEnded(fresh.status)) this.takeDebug(await this.api.debugState(run.id));
  }

  private takeDebug(state: DebugState): void {
    const view = this.current();
    if (!view) return;
    this.store.set({ view: onDebug(view, state) });
    const now = this.store.get();
    const stands = pausedAt(now) ?? pausedInside(now);
    if (stands && state.path !== view.debug?.path) this.store.set({ selectedBlocks: new Set([stands]), selectedEdges: new Set() });
  }

  /** Steps asked for while one is under way come after it: no key press is lost. */
  private debugAct(name: string, call: (runId: string) => Promise<DebugState>): Promise<void> {
    if (this.debugActs >= MOST_DEBUG_ACTS) return this.underWay;
    this.debugActs++;
    const next = this.underWay.then(() =>
      this.act(name, async () => {
        const view = this.current();
        if (!view || hasEnded(view.run.status)) return;
        await this.marking;
        const state = await call(view.run.id);
        if (state.runId !== view.run.id) await this.follow(await this.api.getRun(state.runId));
        else this.takeDebug(state);
        if (hasEnded(state.status)) await this.refresh();
      }),
    );
    this.underWay = next.finally(() => this.debugActs--);
    return this.underWay;
  }

  private async act(name: string, what: () => Promise<void>): Promise<void> {
    if (this.store.get().busy) return;
    this.store.set({ busy: name, notice: null });
    const working = this.work(what);
    if (this.debugActs === 0) this.underWay = working;
    await working;
  }

  private async work(what: () => Promise<void>): Promise<void> {
    try {
      await what();
    } catch (problem) {
      this.complain(problem);
    } finally {
      this.store.set({ busy: null });
    }
  }

  complain(problem: unknown): void {
    this.store.set({ notice: { tone: "error", ...wordsOfProblem(problem) } });
  }

  private current(): RunView | null {
    return this.store.get().view;
  }
}

/** What a refused act says to a person at a canvas: never the same thing twice, and no hint that speaks of requests. */
export function wordsOfProblem(problem: unknown): { text: string; hint: string | null } {
  if (!(problem instanceof ApiError)) return { text: problem instanceof Error ? problem.message : String(problem), hint: null };
  const { message, details, code, hint } = problem;
  const issue = details[0]?.issue;
  const isSaid = !issue || message.includes(issue);
  if (code === "FLOW_INVALID") return { text: message, hint: "The status line below lists the problems." };
  return { text: isSaid ? message : `${message.replace(/\.$/, "")}: ${issue}`, hint: hint ?? null };
}
