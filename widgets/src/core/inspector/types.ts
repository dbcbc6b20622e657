/** What the inspector's parts are told: plain data, no store, no transport. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type ExpressionMode = "template" | "expression" | "deferred";

/** One finding of validation. `field` is relative to its block: `config.conditions[0].field`. */
export interface Problem {
  severity: "error" | "warning";
  code?: string;
  message: string;
  blockId?: string | null;
  blockName?: string | null;
  edgeId?: string | null;
  field?: string | null;
  /** Where in the field's text, in characters, when the text itself is at fault. */
  position?: number | null;
  fix?: { label: string; commands?: unknown } | null;
}

/** A name that an expression can use, with what is inside it as far as it is known. */
export interface NameHint {
  name: string;
  kind: "block" | "variable" | "scope" | "field";
  /** Such as `336,776 × 19` or `Int64`. */
  detail?: string;
  doc?: string;
  fields?: NameHint[];
}

export interface FunctionHint {
  name: string;
  signature: string;
  doc: string;
}

/** Everything an expression at one block sees. */
export interface ScopeHints {
  names: NameHint[];
  functions: FunctionHint[];
}

export interface Port {
  name: string;
  type: string;
  label?: string;
  needed?: boolean;
  region?: boolean;
}

/** An entry of `GET /blocks`. */
export interface BlockKind {
  type: string;
  title: string;
  category: string;
  summary: string;
  icon?: string;
  effect: "pure" | "idempotent" | "effect";
  isTrigger?: boolean;
  isScope?: boolean;
  inputs: Port[];
  outputs: Port[];
  configSchema: JsonSchema;
  outputSchema?: JsonSchema | null;
  example?: Record<string, unknown>;
  regionNames?: string[];
  disabledReason?: string | null;
}

export type JsonSchema = Record<string, unknown>;

/** A column of a table page, as the value endpoint answers it. */
export interface Column {
  name: string;
  type: string;
  nulls?: number | null;
  min?: unknown;
  max?: unknown;
  histogram?: number[] | null;
}

export interface TableValue {
  type: "table";
  rows: number;
  columns: Column[];
  data: Record<string, unknown>[];
}

/** What `GET R/checkpoints/{id}/value` answers; `none` when there is nothing to answer with. */
export type LoadedValue = TableValue | { type: "value"; value: unknown } | { type: "none"; reason: "notRun" | "notKept" | "skipped" };

export interface PageRequest {
  offset: number;
  limit: number;
  sort: { column: string; descending: boolean } | null;
}

export type LogLevel = "debug" | "info" | "warning" | "error";

export interface LogEntry {
  at: string;
  level: LogLevel;
  blockId?: string | null;
  blockName?: string | null;
  path?: string | null;
  message: string;
  data?: unknown;
}

export interface Frame {
  path: string;
  blockId: string;
  kind: string;
  name?: string;
}

/** One block execution of a run, for the timeline; times in milliseconds since the run was created. */
export interface Timing {
  blockId: string;
  name: string;
  path: string;
  attempt: number;
  status: string;
  startMs: number;
  queueMs: number;
  runMs: number;
  waitMs: number;
}
