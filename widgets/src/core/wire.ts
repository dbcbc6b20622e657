/** The wire's shapes that the canvas reads and writes. The only module that names them; everything imports from here. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Position {
  x: number;
  y: number;
}

export interface Policy {
  timeoutMs?: number | null;
  retries?: number;
  retryDelayMs?: number;
  onError?: "fail" | "continue";
}

export interface Block {
  id: string;
  type: string;
  name: string;
  config: Record<string, Json>;
  position: Position;
  disabled?: boolean;
  policy?: Policy | null;
}

export interface Edge {
  id: string;
  source: string;
  sourcePort: string;
  target: string;
  targetPort: string;
}

export interface Flow {
  blocks: Block[];
  edges: Edge[];
  variables: Record<string, Json>;
  notes: Record<string, Json>[];
  groups: Record<string, Json>[];
}

export type FunctionStatus = "draft" | "active" | "archived";

export interface Breakpoint {
  blockId: string;
  when?: "before" | "after";
  condition?: string | null;
  hitCount?: number | null;
  logMessage?: string | null;
  enabled?: boolean;
}

export interface WorkflowFunction {
  id: string;
  canvasId: string;
  name: string;
  description?: string | null;
  status: FunctionStatus;
  version: number;
  breakpoints: Breakpoint[];
  createdAt: string;
  updatedAt: string;
  updatedBy?: string | null;
  flow: Flow;
  cards?: Record<string, BlockCard>;
}

/** How the server says a block in one line, and the outputs that its config gives it. */
export interface BlockCard {
  text: string;
  outputs: Port[];
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

export type RunStatus =
  | "pending"
  | "queued"
  | "running"
  | "waiting"
  | "paused"
  | "cancelling"
  | "cancelled"
  | "completed"
  | "failed"
  | "timed_out"
  | "dead_letter";

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

export interface RunError {
  type: string;
  message: string;
  blockId?: string | null;
  path?: string | null;
}

export type Summary =
  | { kind: "table"; rows: number; columns: number }
  | { kind: "value"; text: string };

/** Where one block stands in a run, over all its paths. */
export interface BlockState {
  blockId: string;
  status: BlockStatus;
  completed: number;
  failed: number;
  skipped: number;
  lastPath?: string | null;
  lastAttempt?: number | null;
  port?: string | null;
  summary?: Summary | null;
  error?: RunError | null;
  runMs?: number | null;
  done?: number | null;
  total?: number | null;
  reused?: boolean;
  forced?: boolean;
}

export interface Run {
  id: string;
  functionId: string;
  functionName: string;
  version: number;
  status: RunStatus;
  trigger?: { type: string; id?: string | null; scheduledAt?: string | null } | null;
  inputs?: Json;
  output?: Json;
  error?: RunError | null;
  priority?: string | number | null;
  debug: boolean;
  durability?: string;
  attempt: number;
  checkpointCount: number;
  parentRunId?: string | null;
  forkedFrom?: string | null;
  createdAt: string;
  startedAt?: string | null;
  finishedAt?: string | null;
  queueMs?: number | null;
  runMs?: number | null;
  waitMs?: number | null;
  progress?: { done: number; total?: number | null } | null;
  blockStates?: BlockState[];
  checkpoints?: Checkpoint[];
}

export interface Checkpoint {
  id: string;
  runId: string;
  blockId: string;
  blockName?: string;
  blockType: string;
  path: string;
  attempt: number;
  status: BlockStatus;
  port?: string | null;
  input?: Json;
  output?: Json;
  error?: RunError | null;
  startedAt?: string | null;
  finishedAt?: string | null;
  queueMs?: number | null;
  runMs?: number | null;
  waitMs?: number | null;
}

export interface CallFrame {
  path: string;
  blockId: string;
  kind: string;
  /** Of a loop: where it is. */
  iteration?: number | null;
}

export interface DebugState {
  runId: string;
  status: RunStatus;
  path: string | null;
  blockId: string | null;
  when: "before" | "after" | "error" | null;
  callStack: CallFrame[];
  variables: Record<string, Json>;
  /** What the scopes around the block give: `item`, `index` and their own names. */
  names?: Record<string, Json>;
  inputs: Json;
  blockOutputs: Record<string, Json>;
  breakpoints: Breakpoint[];
  canStepBack: boolean;
}

export type StepMode = "over" | "into" | "out" | "back";

export interface Fix {
  label: string;
  commands: WireCommand[];
}

/** One edit as the command operations spell it. */
export interface WireCommand {
  type: string;
  payload: Record<string, Json>;
}

export interface Problem {
  code: string;
  severity: "error" | "warning";
  message: string;
  blockId?: string | null;
  edgeId?: string | null;
  field?: string | null;
  hint?: string | null;
  fix?: Fix | null;
}

export interface Validation {
  valid: boolean;
  errors: Problem[];
  warnings: Problem[];
}

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

export interface LogEntry {
  at: string;
  level: "debug" | "info" | "warning" | "error";
  blockId?: string | null;
  path?: string | null;
  message: string;
  data?: Json;
}

export interface BlockTiming {
  blockId: string;
  path: string;
  attempt: number;
  queueMs: number;
  runMs: number;
  waitMs: number;
}

export interface RunLogs {
  entries: LogEntry[];
  timings: BlockTiming[];
}

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
  reused?: boolean;
  forced?: boolean;
}

export interface ErrorBody {
  code: string;
  message: string;
  details?: { field?: string; issue?: string; [key: string]: Json | undefined }[];
  hint?: string | null;
}
