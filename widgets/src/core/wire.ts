/**
 * The wire's shapes. They are the server's own: `openapi.d.ts` is made from `docs/openapi.json` (`make openapi`), and this
 * module gives them the names that the canvas uses. Written by hand is only what the document leaves open: values are
 * `Json`, texts of a closed set are that set, and the answers and events that it has no schema for.
 */

import type { components } from "./openapi";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

type Schemas = components["schemas"];

/** The same shape with `Json` where the document allows anything. */
type Known<T> = unknown extends T
  ? Json
  : T extends readonly (infer U)[]
    ? Known<U>[]
    : T extends object
      ? { [K in keyof T]: Known<T[K]> }
      : T;

type Shape<Name extends keyof Schemas> = Known<Schemas[Name]>;

/** The same fields, some of them more closely said. */
type Said<T, More> = Omit<T, keyof More> & More;

/** The same fields, some of which may be left out. */
type Lax<T, Fields extends keyof T> = Omit<T, Fields> & Partial<Pick<T, Fields>>;

export type Position = Shape<"Position">;
export type Policy = Partial<Shape<"Policy">>;
export type Block = Said<Lax<Shape<"Block">, "disabled">, { config: Record<string, Json>; policy?: Policy | null }>;
export type Edge = Shape<"Edge">;
export type Flow = Said<Required<Shape<"Flow">>, { blocks: Block[] }>;

export type Breakpoint = Lax<Shape<"Breakpoint">, "when" | "enabled">;
export type BreakpointIn = Lax<Shape<"BreakpointIn">, "when" | "enabled">;

/** How the server says a block in one line, and the outputs that its config gives it. */
export type BlockCard = Said<Shape<"Card">, { outputs: Port[] }>;
export type WorkflowFunction = Said<Shape<"FunctionWithFlow">, { flow: Flow; breakpoints: Breakpoint[]; cards?: Record<string, BlockCard> }>;
export type FunctionStatus = WorkflowFunction["status"];
export type FunctionChange = Lax<Said<Shape<"FunctionChange">, { flow?: Flow | null }>, "name" | "description" | "status" | "expectedVersion">;

export type RunStatus = Shape<"RunStatus">;
export type NewRun = Pick<Shape<"NewRun">, "functionId"> & Partial<Shape<"NewRun">>;

/** What an error on the wire says; the document leaves it open. */
export interface RunError {
  type: string;
  message: string;
  hint?: string | null;
  blockId?: string | null;
  path?: string | null;
}

/** What is special about a result: taken over from an earlier run or attempt, kept as it was, put there by hand. */
export interface Flags {
  flags?: readonly string[] | null;
  reused?: boolean;
  forced?: boolean;
}

/** Where one block stands in a run, over all its paths. */
export type BlockState = Said<
  Lax<Shape<"BlockState">, "functionId" | "lastPath" | "lastAttempt" | "port" | "summary" | "error" | "runMs" | "done" | "total" | "waiting">,
  { status: BlockStatus; summary?: Summary | null; error?: RunError | null; lastPath?: string | null; lastAttempt?: number | null; waiting?: Waiting | null } & Flags
>;

export type Checkpoint = Said<Shape<"Checkpoint">, { status: BlockStatus; error: RunError | null; waiting?: Waiting | null }> & Flags;

/** What a block waits for; it is over at `dueAt` at the latest. */
export type Waiting = Lax<Shape<"Waiting">, "since" | "eventType" | "title" | "message">;

/** Where a fork comes from. */
export interface Origin {
  runId: string;
  path?: string | null;
  checkpointId?: string | null;
}

export type Run = Said<Shape<"Run">, { error: RunError | null; trigger: { type: string; id?: string | null }; forkedFrom: Origin | null }> & {
  blockStates?: BlockState[];
  checkpoints?: Checkpoint[];
  /** Why it is held, while it is pending. */
  pendingReason?: string | null;
};

/** One block execution that a retry or fork takes over, runs again, or keeps. */
export interface TakenOver {
  path: string;
  blockId: string;
  blockName: string;
  reason?: string | null;
}

/** The answer of a retry or a fork: the run to follow, and what becomes of what was done before. */
export type RunAgain = Run & {
  reused?: TakenOver[];
  rerun?: TakenOver[];
  kept?: TakenOver[];
  counts?: { reused: number; rerun: number; kept: number };
};

/** What a retry may change: then it is a fork. */
export interface RetryOptions {
  fromBlockId?: string;
  inputs?: Record<string, Json>;
  version?: number;
}

export type CallFrame = Shape<"Frame">;
export type DebugState = Said<Shape<"DebugState">, { breakpoints: (Breakpoint & { problem?: string | null })[]; error: RunError | null }> & {
  /** The view was moved back: the next step goes on in a new run. */
  isPast?: boolean;
};
export type StepMode = Shape<"StepDebug">["mode"] | "back";

/** One edit as the command operations spell it; a newer server may know more of them. */
export type WireCommand = Said<Shape<"FixCommand">, { type: string }>;
export type Fix = Said<Shape<"Fix">, { commands: WireCommand[] }>;
export type Problem = Said<Lax<Shape<"Problem">, "blockId" | "edgeId" | "field" | "position">, { code: string; fix?: Fix | null; hint?: string | null }>;
export type Validation = Said<Shape<"Validation">, { errors: Problem[]; warnings: Problem[] }>;

export type LogEntry = Said<Shape<"LogEntry">, { level: "debug" | "info" | "warning" | "error" }>;
export type BlockTiming = Shape<"Timing">;
export type RunLogs = Said<Shape<"RunLogs">, { entries: LogEntry[] }>;

export type ErrorBody = Said<Lax<Shape<"Error">["error"], "details">, { hint?: string | null; details?: { field?: string; issue?: string }[] }> & {
  /** What stands in the way of an undo. */
  blockId?: string | null;
  groupId?: string | null;
};

export type BatchResult = Shape<"BatchResult">;
export type CommandEntry = Shape<"CommandEntry">;
export type Version = Shape<"Version">;
export type Snapshot = Shape<"Snapshot">;
export type Diff = Said<Shape<"Diff">, { blocks: Said<Shape<"BlocksDiff">, { added: Block[]; removed: Block[] }> }>;
export type FieldDiff = Shape<"FieldDiff">;
export type DiffLine = Shape<"Line">;

export type ImportItem = Said<Shape<"ImportItem">, { targetId: string | null }>;
export type ImportPreview = Said<Shape<"ImportPreview">, { items: ImportItem[]; counts: Partial<Record<ImportItem["action"], number>> }>;
export type ImportStrategy = "skip" | "update" | "create";

/** What comes with a page of the history. */
export interface HistoryMeta {
  total: number;
  nextCursor?: string | null;
  undo: { groupId: string; label: string; author: string } | null;
  redo: { groupId: string; label: string; author: string } | null;
}

export type PortType = "any" | "table" | "object" | "list" | "number" | "text" | "boolean";

export interface Port {
  name: string;
  type: PortType;
  label?: string;
  needed?: boolean;
  region?: boolean;
}

/** A JSON Schema of a block's config, with the hints that draw its form. */
export interface ConfigSchema {
  type?: string | string[];
  title?: string;
  description?: string;
  properties?: Record<string, ConfigSchema>;
  required?: string[];
  items?: ConfigSchema;
  enum?: Json[];
  const?: Json;
  default?: Json;
  anyOf?: ConfigSchema[];
  oneOf?: ConfigSchema[];
  allOf?: ConfigSchema[];
  $ref?: string;
  $defs?: Record<string, ConfigSchema>;
  additionalProperties?: boolean | ConfigSchema;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  format?: string;
  examples?: Json[];
  "x-expression"?: "template" | "expression" | "deferred";
  "x-code"?: "expression" | "sql" | "python" | "json";
  "x-codeFrom"?: string;
  "x-order"?: number;
}

export interface BlockType {
  type: string;
  title: string;
  category: string;
  summary: string;
  icon: string;
  effect: "pure" | "idempotent" | "effect";
  isTrigger: boolean;
  isScope: boolean;
  inputs: Port[];
  outputs: Port[];
  configSchema: ConfigSchema;
  outputSchema?: ConfigSchema | null;
  example?: Record<string, Json>;
  regionNames?: string[];
  disabledReason?: string | null;
}

/** One function of the expression language, for completion. */
export interface ExpressionFunction {
  name: string;
  signature: string;
  doc: string;
}

export type BlockStatus =
  | "queued"
  | "running"
  | "waiting"
  | "paused"
  | "completed"
  | "failed"
  | "skipped"
  | "cancelled"
  | "unknown";

export type Summary =
  | { kind: "table"; rows: number; columns: number }
  | { kind: "value"; text: string };

export interface ColumnInfo {
  name: string;
  type: string;
  nulls: number;
  min?: Json;
  max?: Json;
  histogram?: number[];
}

/** What `R/checkpoints/{id}/value` answers with JSON accepted. */
export type ValuePage =
  | { type: "table"; rows: number; columns: ColumnInfo[]; data: Record<string, Json>[] }
  | { type: "value"; value: Json };

/** One thing that an edit did. */
export type WireChange =
  | { type: "put" | "drop"; kind: "block" | "edge" | "note" | "group"; at: number; value: { id: string } & Record<string, Json> }
  | { type: "set"; kind: "block" | "note" | "group" | "flow" | "function"; id: string; path: string[]; before?: Json; after?: Json; at?: number; absent?: "" | "before" | "after" }
  | { type: "order"; kind: "block" | "edge" | "note" | "group"; before: string[]; after: string[] };

/** What the event stream carries, by its event name. */
export interface WireEvents {
  run: Run;
  block: { runId: string; functionId: string; items: BlockEventItem[] };
  debug: { runId: string; functionId: string; state: DebugState };
  function: {
    functionId: string;
    canvasId: string;
    change: "created" | "updated" | "deleted";
    version: number;
    updatedBy?: string | null;
    origin?: string | null;
    /** Of an edit: what it is called, and exactly what it did, where that is not too much. */
    groupId?: string;
    kind?: string;
    label?: string;
    changes?: WireChange[] | null;
  };
  canvas: { canvasId: string; change: string; version: number };
  breakpoints: { functionId: string; breakpoints: Breakpoint[] };
}

export interface BlockEventItem {
  blockId: string;
  path: string;
  attempt: number;
  status: BlockStatus;
  port?: string | null;
  summary?: Summary | null;
  error?: RunError | null;
  runMs?: number | null;
  completed: number;
  failed: number;
  skipped: number;
  done?: number | null;
  total?: number | null;
  waiting?: Waiting | null;
  flags?: readonly string[] | null;
  reused?: boolean;
  forced?: boolean;
}


/** A function as the picker of a subflow lists it. */
/** A secret as lists tell it; nothing ever tells its value. */
export interface Secret {
  name: string;
  description: string | null;
  version: number;
}

export interface FunctionName {
  id: string;
  name: string;
  version: number;
  canvasId: string;
}
