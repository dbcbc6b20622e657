/** One canvas widget's session: its store, its document, its run, and every act that a button or key may ask for. */

import { ApiError } from "./api";
import { Arranging, lockedWhy } from "./arranging";
import { firstInput, freeOutput, newBlock, newWire, nudged, tidied } from "./building";
import { CalledNames } from "./calls";
import { fromWire, type Command } from "./commands";
import { Copying } from "./copying";
import { FunctionDocument } from "./document";
import { hasEnded } from "./format";
import { HistoryActs } from "./historyActs";
import { closeInner, innerView, openInner } from "./inner";
import { firstInputs, inputsOfFlow, missingInputs } from "./inputs";
import { KernelActs } from "./kernelActs";
import { neighbour, type Direction } from "./navigate";
import type { Hub } from "./page";
import type { Plug } from "./ports";
import { Remembered, type BrowserStorage } from "./remembered";
import { renameBlock } from "./rename";
import { Running } from "./running";
import { INITIAL, pausedAt, type CanvasState, type HistoryTab, type InspectorTab, type Notice, type Overlay } from "./state";
import { Store } from "./store";
import { Validating } from "./validating";
import type { Json, Position, Problem, WireEvents } from "./wire";

/** How long a notice stands that asks for nothing. */
const QUIET_MS = 8000;
/** Where the first block goes while nothing is drawn yet. */
const FIRST: Position = { x: 104, y: 28 };

export class CanvasSession {
  readonly store = new Store<CanvasState>(INITIAL);
  readonly document: FunctionDocument;
  readonly running: Running;
  readonly called: CalledNames;
  readonly history = new HistoryActs(this);
  readonly arranging = new Arranging(this);
  readonly copying = new Copying(this);
  readonly kernel = new KernelActs(this);
  readonly remembered: Remembered;
  private readonly validating: Validating;
  /** The middle of what is in view, in the flow's own measure; the board tells it. */
  viewCentre: () => Position | null = () => null;
  private leave: (() => void)[] = [];

  constructor(
    readonly functionId: string,
    readonly hub: Hub,
    storage: BrowserStorage | null,
    /** A function that is only looked into: what its paths begin with. */
    private readonly inside: { root: string } | null = null,
  ) {
    this.remembered = new Remembered(functionId, storage);
    this.validating = new Validating(hub.api, this.store);
    if (inside) this.store.set({ root: inside.root });
    else this.store.set({ locked: this.remembered.read("locked") === "yes" });
    this.document = new FunctionDocument(functionId, hub.api, this.store, this.remembered.drafts);
    this.called = new CalledNames(hub.api, this.store);
    this.running = new Running(functionId, hub.api, this.store, this.document, inside?.root ?? "");
  }

  get isReadOnly(): boolean {
    return this.inside !== null;
  }

  /** Goes into the function that a block calls. */
  openInner(blockId: string): Promise<void> {
    return openInner(this, blockId);
  }

  closeInner(): void {
    closeInner(this);
  }

  /** Shows, in a function that was gone into, what the outer session's run did in here. */
  followFrom(parent: CanvasSession): void {
    const root = this.inside?.root ?? "";
    let shown = "";
    const look = () => {
      const { view } = parent.store.get();
      const mine = this.store.get().view;
      if (!view) return;
      const stamp = `${view.run.id} ${hasEnded(view.run.status)} ${view.debug?.path ?? ""}`;
      if (mine && (mine.run !== view.run || mine.debug !== view.debug)) this.store.set({ view: { ...mine, run: view.run, debug: view.debug } });
      const stands = pausedAt(this.store.get());
      if (stands && view.debug?.path !== mine?.debug?.path) this.select([stands]);
      if (stamp === shown) return;
      shown = stamp;
      void innerView(this, view, root).then((fresh) => this.store.set({ view: fresh }), () => undefined);
    };
    this.leave.push(parent.store.subscribe(look));
    this.leave.push(this.hub.events.subscribe((event, data) => event === "block" && this.running.onEvent(event, data)));
    look();
  }

  async open(): Promise<void> {
    const { events } = this.hub;
    this.leave.push(events.subscribe((event, data) => this.onEvent(event, data)));
    this.leave.push(events.watch(() => this.onConnection()));
    this.onConnection(); // another canvas of the page may have made the connection live long ago
    let flow = this.store.get().flow;
    this.leave.push(
      this.store.subscribe(() => {
        const now = this.store.get().flow;
        if (now === flow) return;
        flow = now;
        this.called.learn(now);
        this.validating.soon();
      }),
    );
    await this.load();
  }

  close(): void {
    for (const leave of this.leave.splice(0)) leave();
    this.validating.close();
    this.kernel.close();
    this.document.close();
  }

  async load(): Promise<void> {
    try {
      const [catalogue] = await Promise.all([this.hub.catalogue(), this.document.load()]);
      this.store.set({ types: catalogue.types, functions: catalogue.functions, problem: null });
      this.validating.soon();
      await this.running.loadLast().catch(() => undefined);
    } catch (problem) {
      const missing = problem instanceof ApiError && problem.status === 404;
      const text = problem instanceof Error ? problem.message : String(problem);
      if (this.store.get().phase !== "ready") this.store.set({ phase: missing ? "missing" : "failed", problem: text });
    }
  }

  private onEvent(event: string, data: unknown): void {
    if (event === "reset") {
      void this.load();
      return;
    }
    if (event === "function") {
      const told = data as WireEvents["function"];
      if (told.functionId !== this.functionId) {
        this.called.changed(told.functionId);
        return;
      }
      if (told.change === "deleted") this.store.set({ phase: "missing", problem: "This function was deleted" });
      else void this.document.onRemote(told.version, told).catch(() => undefined);
    } else if (event === "breakpoints") {
      const told = data as WireEvents["breakpoints"];
      if (told.functionId === this.functionId) this.store.set({ breakpoints: told.breakpoints });
    } else {
      this.running.onEvent(event, data);
    }
  }

  private onConnection(): void {
    const connection = this.hub.events.status();
    const before = this.store.get().connection;
    this.store.set({ connection });
    if (connection === "live" && before === "lost") {
      this.document.retryNow();
      if (this.store.get().phase !== "ready") void this.load();
    }
  }

  // --- editing

  /** One gesture: one step to take back. `group` joins repeated small ones. */
  edit(commands: readonly Command[], group: string | null = null): void {
    if (!commands.length) return;
    const locked = lockedWhy(this.store.get(), commands);
    if (this.isReadOnly) this.say(`“${this.store.get().fn?.name}” is only looked into here: to change it, open it by itself`);
    else if (locked) this.say(locked);
    else this.document.edit(commands, group);
  }

  rename(name: string): void {
    this.edit([{ type: "UPDATE_FUNCTION", name }]);
  }

  describe(description: string): void {
    this.edit([{ type: "UPDATE_FUNCTION", description: description || null }]);
  }

  /** Adds a block; behind `after` with a wire to it when that fits. Answers the new block's id. */
  addBlock(type: string, at: Position | null, after: Plug | null = null): string | null {
    const { flow, types } = this.store.get();
    const made = newBlock(flow, types, type, at, after, this.viewCentre() ?? FIRST);
    if (!made) return null;
    this.edit(made.commands);
    this.select([made.id]);
    return made.id;
  }

  /** The output that a block added now gets wired to: the selected block's first free one. */
  freeOutput(): Plug | null {
    const { flow, types, selectedBlocks } = this.store.get();
    const block = selectedBlocks.size === 1 ? flow.blocks.find((b) => selectedBlocks.has(b.id)) : undefined;
    return block ? freeOutput(flow, types, block) : null;
  }

  /** Where a wire that is dropped on a card's body goes: the block's first input. */
  firstInput(blockId: string | undefined): Plug | null {
    const { flow, types } = this.store.get();
    const block = flow.blocks.find((b) => b.id === blockId);
    return block ? firstInput(types, block) : null;
  }

  connect(from: Plug, to: Plug): void {
    this.edit([newWire(this.store.get().flow, from, to)]);
  }

  updateConfig(blockId: string, config: Record<string, Json>): void {
    this.edit([{ type: "UPDATE_BLOCK", blockId, config }]);
  }

  renameBlock(blockId: string, name: string): void {
    const { flow, types } = this.store.get();
    const wanted = name.trim();
    this.store.set({ renaming: null });
    if (wanted) this.edit(renameBlock(flow, types, blockId, wanted));
  }

  removeSelected(): void {
    const { selectedBlocks, selectedEdges, inspector } = this.store.get();
    const commands: Command[] = [
      ...[...selectedEdges].map((edgeId): Command => ({ type: "REMOVE_EDGE", edgeId })),
      ...[...selectedBlocks].map((blockId): Command => ({ type: "REMOVE_BLOCK", blockId })),
    ];
    if (lockedWhy(this.store.get(), commands) === null && !this.isReadOnly) {
      if (inspector && selectedBlocks.has(inspector.blockId)) this.store.set({ inspector: null });
      this.select([]);
    }
    this.edit(commands);
  }

  tidy(): void {
    const { flow, types } = this.store.get();
    this.edit(tidied(flow, types));
  }

  nudge(key: string): void {
    const { flow, selectedBlocks } = this.store.get();
    this.edit(nudged(flow, selectedBlocks, key), `nudge ${[...selectedBlocks].join(" ")}`);
  }

  applyFix(problem: Problem): void {
    if (problem.fix) this.edit(fromWire(problem.fix.commands));
  }

  // --- looking

  select(blocks: Iterable<string>, edges: Iterable<string> = []): void {
    this.store.set({ selectedBlocks: new Set(blocks), selectedEdges: new Set(edges) });
    this.document.settle();
  }

  selectAll(): void {
    this.select(this.store.get().flow.blocks.map((b) => b.id));
  }

  move(direction: Direction): string | null {
    const { flow, selectedBlocks, inspector } = this.store.get();
    const to = neighbour(flow, [...selectedBlocks].at(-1), direction);
    if (to) this.select([to]);
    if (to && inspector) this.inspect(to, inspector.tab);
    return to;
  }

  inspect(blockId: string, tab: InspectorTab = "config", edgeId?: string): void {
    this.store.set({ inspector: { blockId, tab, ...(edgeId ? { edgeId } : {}) } });
  }

  /** Turns the inspector to the function itself. */
  inspectFunction(): void {
    this.closeInspector();
    this.store.set({ functionPanel: true });
  }

  /** Turns the inspector to what was done to the function, or to what was kept of it. */
  inspectHistory(tab: HistoryTab = "changes"): void {
    this.document.settle();
    this.store.set({ inspector: null, functionPanel: false, historyPanel: tab });
  }

  closeInspector(): void {
    this.history.close();
    this.store.set({ inspector: null, functionPanel: false, historyPanel: null });
    this.document.settle();
  }

  overlay(overlay: Overlay): void {
    this.store.set({ overlay });
  }

  say(text: string, tone: Notice["tone"] = "info"): void {
    const notice: Notice = { tone, text };
    this.store.set({ notice });
    if (tone === "info") setTimeout(() => this.store.get().notice === notice && this.store.set({ notice: null }), QUIET_MS);
  }

  // --- inputs

  /** What the last run from here was started with; null when there was none. */
  lastInputs(): Record<string, Json> | null {
    return this.remembered.readJson("inputs");
  }

  runWith(inputs: Record<string, Json>, debug: boolean): void {
    this.remembered.write("inputs", JSON.stringify(inputs));
    void this.running.start(debug, inputs);
  }

  /** Runs at once: with the last inputs, or none where none are taken. Answers false when it has to ask first. */
  runAgain(debug: boolean): boolean {
    const form = inputsOfFlow(this.store.get().flow);
    if (!form) {
      void this.running.start(debug);
      return true;
    }
    const last = this.lastInputs();
    const inputs = firstInputs(form, last);
    if (missingInputs(form, inputs).length || (!last && !form.schema.required?.length && form.loose)) return false;
    this.runWith(inputs, debug);
    return true;
  }
}
