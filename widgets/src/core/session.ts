/** One canvas widget's session: its store, its document, its run, and every act that a button or key may ask for. */

import { ApiError, checkpointId } from "./api";
import { Arranging, lockedWhy } from "./arranging";
import { copyText, pasteCommands, readClip } from "./clipboard";
import { CalledNames } from "./calls";
import { fromWire, type Command } from "./commands";
import { FunctionDocument, type Draft, type DraftBox } from "./document";
import { HistoryActs } from "./historyActs";
import { blockById, freshId, freshName, handleOf, outputsOf } from "./flow";
import { browserTimers } from "./events";
import { hasEnded } from "./format";
import { firstInputs, inputsOfFlow, missingInputs } from "./inputs";
import { closeInner, innerView, openInner } from "./inner";
import { KernelLink, type Channel } from "./kernel";
import { tidy } from "./layout";
import { neighbour, type Direction } from "./navigate";
import type { Hub } from "./page";
import type { Plug } from "./ports";
import { renameBlock } from "./rename";
import { Running } from "./running";
import { INITIAL, pausedAt, type CanvasState, type HistoryTab, type InspectorTab, type KernelValue, type Notice, type Overlay } from "./state";
import { Store } from "./store";
import { freePlace } from "./vacancy";
import type { Block, BlockType, Json, Position, Problem, WireEvents } from "./wire";

const VALIDATE_MS = 500;
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
  /** The middle of what is in view, in the flow's own measure; the board tells it. */
  viewCentre: () => Position | null = () => null;
  private kernel: KernelLink | null = null;
  private leave: (() => void)[] = [];
  private validating: AbortController | null = null;
  private validateTimer: ReturnType<typeof setTimeout> | null = null;
  private pasted = 0;
  private clip = "";

  constructor(
    readonly functionId: string,
    readonly hub: Hub,
    private readonly storage: Pick<globalThis.Storage, "getItem" | "setItem" | "removeItem"> | null,
    /** A function that is only looked into: what its paths begin with. */
    private readonly inside: { root: string } | null = null,
  ) {
    if (inside) this.store.set({ root: inside.root });
    else this.store.set({ locked: this.remembered("locked") === "yes" });
    this.document = new FunctionDocument(functionId, hub.api, this.store, draftBox(functionId, storage));
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
        this.validateSoon();
      }),
    );
    await this.load();
  }

  close(): void {
    for (const leave of this.leave.splice(0)) leave();
    if (this.validateTimer) clearTimeout(this.validateTimer);
    this.validating?.abort();
    this.kernel?.close();
    this.document.close();
  }

  async load(): Promise<void> {
    try {
      const [catalogue] = await Promise.all([this.hub.catalogue(), this.document.load()]);
      this.store.set({ types: catalogue.types, functions: catalogue.functions, problem: null });
      this.validateSoon();
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
    const kind = types.get(type);
    if (!kind) return null;
    const id = freshId(type, new Set(flow.blocks.map((b) => b.id)));
    const name = freshName(kind.title.toLowerCase(), flow.blocks.map((b) => b.name));
    const block: Block = { id, type, name, config: startConfig(kind), position: at ?? freePlace(flow, types, after, this.viewCentre() ?? FIRST) };
    const commands: Command[] = [{ type: "ADD_BLOCK", block }];
    const input = kind.isTrigger ? null : kind.inputs[0];
    if (after && input) {
      const edgeId = freshId("edge", new Set(flow.edges.map((e) => e.id)));
      commands.push({
        type: "ADD_EDGE",
        edge: { id: edgeId, source: after.blockId, sourcePort: after.port, target: id, targetPort: input.name },
      });
    }
    this.edit(commands);
    this.select([id]);
    return id;
  }

  /** The output that a block added now gets wired to: the selected block's first free one. */
  freeOutput(): Plug | null {
    const { flow, types, selectedBlocks } = this.store.get();
    const block = selectedBlocks.size === 1 ? flow.blocks.find((b) => selectedBlocks.has(b.id)) : undefined;
    if (!block) return null;
    const outputs = outputsOf(types.get(block.type), block);
    const free = outputs.find((port) => !flow.edges.some((e) => e.source === block.id && e.sourcePort === port.name));
    return free ? { blockId: block.id, port: free.name } : null;
  }

  /** Where a wire that is dropped on a card's body goes: the block's first input. */
  firstInput(blockId: string | undefined): Plug | null {
    const { flow, types } = this.store.get();
    const block = flow.blocks.find((b) => b.id === blockId);
    const input = block && types.get(block.type)?.inputs[0];
    return block && input ? { blockId: block.id, port: input.name } : null;
  }

  connect(from: Plug, to: Plug): void {
    const ids = new Set(this.store.get().flow.edges.map((e) => e.id));
    const edge = { id: freshId("edge", ids), source: from.blockId, sourcePort: from.port, target: to.blockId, targetPort: to.port };
    this.edit([{ type: "ADD_EDGE", edge }]);
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
    const moves = [...tidy(flow, types)].flatMap(([blockId, position]): Command[] => {
      const block = flow.blocks.find((b) => b.id === blockId)!;
      const same = block.position.x === position.x && block.position.y === position.y;
      return same ? [] : [{ type: "MOVE_BLOCK", blockId, position }];
    });
    this.edit(moves);
  }

  nudge(key: string): void {
    const step = { ArrowRight: [16, 0], ArrowLeft: [-16, 0], ArrowUp: [0, -16], ArrowDown: [0, 16] }[key];
    if (!step) return;
    const { flow, selectedBlocks } = this.store.get();
    this.edit(
      flow.blocks
        .filter((b) => selectedBlocks.has(b.id))
        .map((b) => ({ type: "MOVE_BLOCK", blockId: b.id, position: { x: b.position.x + step[0]!, y: b.position.y + step[1]! } })),
      `nudge ${[...selectedBlocks].join(" ")}`,
    );
  }

  copy(): string {
    const { flow, selectedBlocks } = this.store.get();
    this.clip = copyText(flow, selectedBlocks);
    this.pasted = 0;
    return this.clip;
  }

  /** Pastes a text that `copy` made, here or in another canvas; answers whether it was one. */
  paste(text: string = this.clip): boolean {
    const clip = readClip(text);
    if (!clip) return false;
    const { flow, types } = this.store.get();
    const { commands, blockIds } = pasteCommands(flow, types, clip, below(clip.blocks, ++this.pasted));
    this.edit(commands);
    this.select(blockIds);
    return true;
  }

  duplicate(): void {
    const { flow, types, selectedBlocks } = this.store.get();
    const clip = readClip(copyText(flow, selectedBlocks));
    if (!clip) return;
    const { commands, blockIds } = pasteCommands(flow, types, clip, below(clip.blocks, 1));
    this.edit(commands);
    this.select(blockIds);
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
    try {
      return JSON.parse(this.remembered("inputs") ?? "null") as Record<string, Json> | null;
    } catch {
      return null;
    }
  }

  runWith(inputs: Record<string, Json>, debug: boolean): void {
    this.remember("inputs", JSON.stringify(inputs));
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

  /** Keeps something about this function in the browser; null forgets it. A full or forbidden storage forgets at once. */
  remember(what: string, value: string | null): void {
    try {
      if (value === null) this.storage?.removeItem(`workbench.${what}.${this.functionId}`);
      else this.storage?.setItem(`workbench.${what}.${this.functionId}`, value);
    } catch {
      // Not remembered, then.
    }
  }

  private remembered(what: string): string | null {
    try {
      return this.storage?.getItem(`workbench.${what}.${this.functionId}`) ?? null;
    } catch {
      return null;
    }
  }

  // --- the notebook's kernel

  reachKernel(channel: Channel): void {
    this.kernel = new KernelLink(channel, (kernel) => this.store.set({ kernel }), browserTimers);
  }

  /** A block's value as the kernel can be asked for it; null where there is none now. */
  kernelValue(blockId: string, field: string | null = null): KernelValue | null {
    const { view, flow, kernel } = this.store.get();
    const place = this.running.placeOf(blockId);
    if (!kernel || !view || !place) return null;
    const handle = handleOf(blockById(flow, blockId)?.name ?? "value");
    return { runId: view.run.id, ...place, field, name: field ? `${handle}_${handleOf(field)}` : handle };
  }

  /** The function as Python, from the kernel; null where none answers. */
  async python(): Promise<string | null> {
    await this.document.flush();
    return this.kernel && this.store.get().kernel ? this.kernel.python() : null;
  }

  async toKernel(value: KernelValue, name: string): Promise<void> {
    if (!this.kernel) return;
    this.say(`Bringing ${name} to the kernel…`);
    try {
      const { runId, path, attempt, field } = value;
      const put = await this.kernel.bring({ runId, checkpointId: checkpointId(path, attempt), name, field });
      this.say(`In the kernel: ${put}`);
    } catch (problem) {
      this.say(problem instanceof Error ? problem.message : String(problem), "error");
    }
  }

  // --- validation

  private validateSoon(): void {
    if (this.validateTimer) clearTimeout(this.validateTimer);
    this.validateTimer = setTimeout(() => void this.validate(), VALIDATE_MS);
  }

  private async validate(): Promise<void> {
    this.validating?.abort();
    this.validating = new AbortController();
    try {
      const validation = await this.hub.api.validate(this.store.get().flow, this.validating.signal);
      this.store.set({ validation });
    } catch {
      // Offline or overtaken by the next edit: what is shown stays until there is an answer.
    }
  }
}

/** How far copies go: under what they are copies of, so that nothing is covered. */
function below(blocks: readonly Block[], times: number): Position {
  const tops = blocks.map((b) => b.position.y);
  return { x: 24 * times, y: (Math.max(...tops) - Math.min(...tops) + 96) * times };
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

function draftBox(id: string, storage: Pick<globalThis.Storage, "getItem" | "setItem" | "removeItem"> | null): DraftBox {
  const key = `workbench.unsaved.${id}`;
  return {
    read: () => {
      try {
        return JSON.parse(storage?.getItem(key) ?? "null") as Draft | null;
      } catch {
        return null;
      }
    },
    write: (draft) => {
      try {
        if (draft) storage?.setItem(key, JSON.stringify(draft));
        else storage?.removeItem(key);
      } catch {
        // A full or forbidden storage costs the safety net, not the edit.
      }
    },
  };
}
