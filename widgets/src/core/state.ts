/** The one state of a canvas widget, which its store holds and its views draw. */

import type { Comparison, Marks } from "./compare";
import { callLine, type Called } from "./calls";
import { equal } from "./commands";
import { describe } from "./describe";
import { EMPTY_FLOW, indexOf } from "./flow";
import { chipText } from "./format";
import type { Connection } from "./events";
import type { Fields } from "./hints";
import type { InnerPlace } from "./inner";
import { doneByThen } from "./past";
import type { Plug } from "./ports";
import { cachedRegions, enclosingScopes } from "./regions";
import type { RunView } from "./runview";
import type { Block, BlockState, BlockType, Breakpoint, ExpressionFunction, Flow, Position, Problem, Validation, WorkflowFunction } from "./wire";

export type FunctionHead = Omit<WorkflowFunction, "flow" | "breakpoints" | "cards">;

export type Saving = "saved" | "dirty" | "saving" | "offline" | "refused" | "conflict";

export type InspectorTab = "config" | "in" | "out" | "logs" | "docs";

export type HistoryTab = "changes" | "snapshots";

export interface InspectorTarget {
  blockId: string;
  tab: InspectorTab;
  /** The wire whose value is looked at, when it was a wire that was clicked. */
  edgeId?: string;
}

/** A change as undo and redo name it. */
export interface UndoName {
  label: string;
  author: string | null;
  groupId?: string;
}

export interface Notice {
  tone: "error" | "info";
  text: string;
  hint?: string | null;
  /** What stands in the way of an undo: the block, and the change that would have to be undone first. */
  standing?: { blockId: string | null; groupId: string | null };
}

/** What lies over the board; `after` is the output that a new or chosen block gets wired to. */
export type Overlay = { kind: "add"; after: Plug | null; at: Position | null } | { kind: "connect"; after: Plug } | { kind: "find" } | { kind: "keys" } | { kind: "problems" } | { kind: "import"; text: string | null } | Aside | null;

/** What opens beside a place; `at` is in the window's pixels. */
export type Aside =
  | { kind: "breakpoint"; blockId: string; at: Position }
  | { kind: "wire"; edgeId: string; at: Position }
  | { kind: "menu"; blockId: string; at: Position }
  | { kind: "more"; at: Position }
  | { kind: "extract"; at: Position }
  | { kind: "kernel"; value: KernelValue; at: Position }
  | { kind: "inputs"; debug: boolean; at: Position };

/** A value that may be brought into the notebook's kernel. */
export interface KernelValue {
  runId: string;
  path: string;
  attempt: number;
  /** The field of the value, when it is only that. */
  field: string | null;
  /** The name that is offered for it. */
  name: string;
}

export interface CanvasState {
  phase: "loading" | "ready" | "missing" | "failed";
  problem: string | null;
  fn: FunctionHead | null;
  /** The server's flow with this widget's unsaved edits on it. */
  flow: Flow;
  breakpoints: Breakpoint[];
  /** The server's line for each block, with the config that it speaks of. */
  lines: Readonly<Record<string, { text: string; config: Block["config"] }>>;
  /** The functions that blocks call, by id. */
  called: Readonly<Record<string, Called>>;
  saving: Saving;
  savingNote: string | null;
  /** What undo takes back and redo makes again, by name; of steps that the server does not have yet too. */
  undo: UndoName | null;
  redo: UndoName | null;
  /** The same as the server said last. */
  undone: { undo: UndoName | null; redo: UndoName | null };
  /** The other side of a conflict: the flow as someone else made it meanwhile. */
  theirs: Flow | null;
  /** What both sides of the conflict began from. */
  before: Flow | null;
  types: ReadonlyMap<string, BlockType>;
  functions: ExpressionFunction[];
  validation: Validation | null;
  connection: Connection;
  selectedBlocks: ReadonlySet<string>;
  selectedEdges: ReadonlySet<string>;
  view: RunView | null;
  /** A run command on its way: its button shows it. */
  busy: string | null;
  /** The chosen iteration of each scope whose pager was used. */
  iterations: Readonly<Record<string, number>>;
  /** What the blocks inside paged scopes did in the chosen iterations. */
  iterationStates: Readonly<Record<string, BlockState>>;
  inspector: InspectorTarget | null;
  /** The inspector is open on the function itself while no block is. */
  functionPanel: boolean;
  /** The history is open in the inspector's place, at one of its lists. */
  historyPanel: HistoryTab | null;
  /** Two versions laid over each other, in place of the board. */
  comparison: Comparison | null;
  /** What became of each block and wire, while this board shows a comparison. */
  marks: Marks | null;
  /** The run in view was chosen: newer ones do not take its place. */
  pinned: boolean;
  /** Insides of values, learned for completion. */
  fields: Fields;
  /** Failed iterations of scopes, by scope id. */
  failures: Readonly<Record<string, readonly number[]>>;
  /** Whether a kernel answers, so that values can be brought there. */
  kernel: boolean;
  overlay: Overlay;
  renaming: string | null;
  notice: Notice | null;
  /** Nothing can be changed from here until it is unlocked. */
  locked: boolean;
  /** The note or group whose text is being written. */
  writing: string | null;
  /** A run that was taken off the dead letter list from here. */
  discarded: string | null;
  /** What the paths of this function's blocks begin with: more than nothing where a block of another one calls it. */
  root: string;
  /** The function that was gone into from here. */
  inner: InnerPlace | null;
}

export const INITIAL: CanvasState = {
  phase: "loading",
  problem: null,
  fn: null,
  flow: EMPTY_FLOW,
  breakpoints: [],
  lines: {},
  called: {},
  saving: "saved",
  savingNote: null,
  undo: null,
  redo: null,
  undone: { undo: null, redo: null },
  theirs: null,
  before: null,
  types: new Map(),
  functions: [],
  validation: null,
  connection: "connecting",
  selectedBlocks: new Set(),
  selectedEdges: new Set(),
  view: null,
  busy: null,
  iterations: {},
  iterationStates: {},
  inspector: null,
  functionPanel: false,
  historyPanel: null,
  comparison: null,
  marks: null,
  pinned: false,
  fields: {},
  failures: {},
  kernel: false,
  overlay: null,
  renaming: null,
  notice: null,
  locked: false,
  writing: null,
  discarded: null,
  root: "",
  inner: null,
};

/** The block of this flow that calls the function which a path leads into; null for a path of this very flow. */
export function callOf(state: Pick<CanvasState, "root" | "flow">, path: string): string | null {
  const scopes = path.slice(state.root.length).split("/").slice(0, -1).map((scope) => scope.replace(/\[\d+\]$/, ""));
  return scopes.find((id) => indexOf(state.flow).blocks.get(id)?.type === "subflow") ?? null;
}

/** Whether a path is of this very function: not of one that it calls, nor of one that calls it. */
export function belongs(state: Pick<CanvasState, "root" | "flow">, path: string | null | undefined): boolean {
  if (!path?.startsWith(state.root)) return !path;
  return callOf(state, path) === null;
}

/** The block of this flow that a paused debug run stands before (or after). */
export function pausedAt(state: CanvasState): string | null {
  const debug = state.view?.debug;
  return debug?.status === "paused" && debug.blockId && belongs(state, debug.path) ? debug.blockId : null;
}

/** The block of this flow inside whose called function a paused debug run stands. */
export function pausedInside(state: CanvasState): string | null {
  const debug = state.view?.debug;
  return debug?.status === "paused" && debug.path?.startsWith(state.root) ? callOf(state, debug.path) : null;
}

/** A block's state as the canvas shows it: of the chosen iteration where one is chosen, and paused where the debugger stands. */
export function shownState(state: CanvasState, blockId: string): BlockState | null {
  const { view, iterations, iterationStates, flow, types } = state;
  if (!view || doneByThen(state)?.has(blockId) === false) return null;
  const paged =
    Object.keys(iterations).length > 0 && enclosingScopes(cachedRegions(flow, types), blockId).some((id) => id in iterations);
  const found = (paged ? iterationStates[blockId] : view.blocks[blockId]) ?? null;
  if (paged || pausedAt(state) !== blockId) return found;
  let standing = pausedStates.get(view);
  if (!standing) pausedStates.set(view, (standing = { completed: 0, failed: 0, skipped: 0, ...found, blockId, status: "paused" }));
  return standing;
}

/** The paused block's state, the same object for as long as the view is the same. */
const pausedStates = new WeakMap<RunView, BlockState>();

/** What a card says: the server's words while they speak of the block as it is, else words made here. */
export function lineOf(state: CanvasState, block: Block): string {
  const call = block.type === "subflow" ? callLine(block, state.called) : null;
  if (call !== null) return call;
  const line = state.lines[block.id];
  return line?.text && equal(line.config, block.config) ? line.text : describe(block, state.types.get(block.type));
}

const NO_PROBLEMS: readonly Problem[] = [];
const byBlock = new WeakMap<Validation, Map<string, Problem[]>>();

/** The problems of one block; the same array for as long as the validation is the same. */
export function problemsOf(validation: Validation | null, blockId: string): readonly Problem[] {
  if (!validation) return NO_PROBLEMS;
  let found = byBlock.get(validation);
  if (!found) {
    found = new Map();
    for (const problem of [...validation.errors, ...validation.warnings]) {
      if (!problem.blockId) continue;
      const list = found.get(problem.blockId);
      if (list) list.push(problem);
      else found.set(problem.blockId, [problem]);
    }
    byBlock.set(validation, found);
  }
  return found.get(blockId) ?? NO_PROBLEMS;
}

/** How a wire looks after or during a run, and what its chip says. */
export interface WireLook {
  look: "idle" | "live" | "dead" | "flowing";
  chip: string | null;
}

const IDLE: WireLook = { look: "idle", chip: null };

export function wireLook(state: CanvasState, edgeId: string): WireLook {
  const { blocks, edges } = indexOf(state.flow);
  const edge = edges.get(edgeId);
  if (!edge || !state.view) return IDLE;
  const source = shownState(state, edge.source);
  const target = shownState(state, edge.target);
  if (!source) return IDLE;
  const port = state.types.get(blocks.get(edge.source)?.type ?? "")?.outputs.find((p) => p.name === edge.sourcePort);
  if (port?.region) return source.status === "skipped" ? { look: "dead", chip: null } : { look: source.done ? "live" : "idle", chip: null };
  if (source.status === "skipped") return { look: "dead", chip: null };
  if (source.status !== "completed" && source.status !== "failed") return IDLE;
  const fired = source.port ?? (source.status === "failed" ? "error" : null);
  const firesAll = fired === "*" && edge.sourcePort !== "error";
  if (fired !== null && fired !== edge.sourcePort && !firesAll) return { look: "dead", chip: null };
  if (fired === null && target?.status === "skipped") return { look: "dead", chip: null };
  return { look: target?.status === "running" ? "flowing" : "live", chip: chipText(source.summary) };
}

/** Why the debugger could not do what a block's breakpoint says, while a debug run goes on. */
export function breakpointProblem(state: CanvasState, blockId: string): string | null {
  return state.view?.debug?.breakpoints?.find((point) => point.blockId === blockId)?.problem ?? null;
}
