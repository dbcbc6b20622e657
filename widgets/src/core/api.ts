/** The REST contract over same-origin fetch: envelope, errors, XSRF. */

import { EditingApi } from "./editing";
import type {
  BlockType, Breakpoint, Checkpoint, DebugState, ErrorBody, ExpressionFunction, Flow, FunctionName, Json, RetryOptions, Run, RunAgain, RunLogs, Secret, StepMode, Validation, ValuePage, WorkflowFunction,
} from "./wire";

/** A refusal by the server, or no answer at all (`status` 0). */
export class ApiError extends Error {
  readonly code: string;
  readonly hint: string | null;
  readonly details: NonNullable<ErrorBody["details"]>;
  readonly body: ErrorBody;

  constructor(
    readonly status: number,
    body: ErrorBody,
  ) {
    super(body.message);
    this.name = "ApiError";
    this.body = body;
    this.code = body.code;
    this.hint = body.hint ?? null;
    this.details = body.details ?? [];
  }

  /** No answer, or one that says "later": the same call may go through in a moment. */
  get mayPass(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Where the API is, from the page: JupyterLab says its base URL and, with token login, its token. */
export interface Server {
  root: string;
  token: string | null;
}

export function findServer(doc: Document, given?: string): Server {
  const element = doc.getElementById("jupyter-config-data");
  let config: { baseUrl?: unknown; token?: unknown } = {};
  try {
    config = element?.textContent ? (JSON.parse(element.textContent) as typeof config) : {};
  } catch {
    config = {};
  }
  const base = typeof config.baseUrl === "string" ? config.baseUrl : "/";
  const root = given ?? `${base.endsWith("/") ? base : `${base}/`}api/v1/workflow`;
  return { root, token: typeof config.token === "string" && config.token ? config.token : null };
}

export function xsrfToken(cookies: string): string | null {
  const found = /(?:^|;\s*)_xsrf=([^;]*)/.exec(cookies);
  return found ? decodeURIComponent(found[1]!) : null;
}

interface Envelope<T, M> {
  success: boolean;
  data: T;
  meta?: M;
  error?: ErrorBody;
}

type Query = Record<string, string | number | boolean | null | undefined>;

export class Api {
  readonly editing = new EditingApi(this);

  constructor(
    private readonly server: Server,
    private readonly send: typeof fetch = (...args) => globalThis.fetch(...args),
    private readonly cookies: () => string = () => globalThis.document?.cookie ?? "",
  ) {}

  getFunction(id: string, version?: number): Promise<WorkflowFunction> {
    return this.call("GET", `/functions/${id}`, undefined, { version });
  }

  functions(query: { q?: string; limit?: number } = {}): Promise<FunctionName[]> {
    return this.call("GET", "/functions", undefined, query);
  }

  secrets(): Promise<Secret[]> {
    return this.call("GET", "/secrets", undefined, { limit: 200 });
  }

  /** A secret that must not exist yet: one that does is refused, not written over. */
  setSecret(name: string, value: string): Promise<Secret> {
    return this.call("PUT", `/secrets/${encodeURIComponent(name)}`, { value, expectedVersion: 0 });
  }

  async blocks(): Promise<{ types: BlockType[]; functions: ExpressionFunction[] }> {
    const { data, meta } = await this.envelope<BlockType[], { functions?: ExpressionFunction[] }>("GET", "/blocks");
    return { types: data, functions: meta?.functions ?? [] };
  }

  validate(flow: Flow, signal?: AbortSignal): Promise<Validation> {
    return this.call("POST", "/validate", { flow }, {}, signal);
  }

  createRun(body: { functionId: string; debug?: boolean; inputs?: Json }): Promise<Run> {
    return this.call("POST", "/runs", body, {}, undefined, { "Idempotency-Key": randomKey() });
  }

  getRun(id: string): Promise<Run> {
    return this.call("GET", `/runs/${id}`);
  }

  lastRuns(functionId: string, limit = 1): Promise<Run[]> {
    return this.call("GET", "/runs", undefined, { functionId, limit });
  }

  cancelRun(id: string): Promise<Json> {
    return this.call("POST", `/runs/${id}/cancel`, {});
  }

  retryRun(id: string, options: RetryOptions = {}): Promise<RunAgain> {
    return this.call("POST", `/runs/${id}/retry`, options, {}, undefined, { "Idempotency-Key": randomKey() });
  }

  forkRun(id: string, at: { checkpointId: string } | { restorePoint: string }): Promise<RunAgain> {
    return this.call("POST", `/runs/${id}/fork`, at, {}, undefined, { "Idempotency-Key": randomKey() });
  }

  signal(runId: string, eventType: string, payload: Json): Promise<{ delivered: boolean }> {
    return this.call("POST", `/runs/${runId}/signals`, { eventType, payload }, {}, undefined, { "Idempotency-Key": randomKey() });
  }

  retryDeadLetter(runId: string): Promise<RunAgain> {
    return this.call("POST", `/dead-letter/${runId}/retry`, {}, {}, undefined, { "Idempotency-Key": randomKey() });
  }

  discardDeadLetter(runId: string): Promise<Json> {
    return this.call("POST", `/dead-letter/${runId}/discard`, {});
  }

  resumeQueue(functionId: string | null): Promise<Json> {
    return this.call("POST", functionId ? `/functions/${functionId}/queue/resume` : "/queue/resume", {});
  }

  checkpoints(runId: string, query: { blockId?: string; path?: string; prefix?: string; status?: string; limit?: number }): Promise<Checkpoint[]> {
    return this.call("GET", `/runs/${runId}/checkpoints`, undefined, query);
  }

  value(
    runId: string,
    checkpointId: string,
    query: { part?: "output" | "input"; offset?: number; limit?: number; sort?: string; descending?: boolean; filter?: string },
  ): Promise<ValuePage> {
    return this.call("GET", `/runs/${runId}/checkpoints/${checkpointId}/value`, undefined, query);
  }

  logs(runId: string, query: { level?: string; blockId?: string } = {}): Promise<RunLogs> {
    return this.call("GET", `/runs/${runId}/logs`, undefined, query);
  }

  setBreakpoints(id: string, breakpoints: Breakpoint[]): Promise<Json> {
    return this.call("PUT", `/functions/${id}/breakpoints`, { breakpoints });
  }

  debugState(runId: string): Promise<DebugState> {
    return this.call("GET", `/runs/${runId}/debug`);
  }

  debugContinue(runId: string): Promise<DebugState> {
    return this.call("POST", `/runs/${runId}/debug/continue`, {});
  }

  debugStep(runId: string, mode: StepMode): Promise<DebugState> {
    return this.call("POST", `/runs/${runId}/debug/step`, { mode });
  }

  debugVariables(runId: string, variables: Record<string, Json>): Promise<DebugState> {
    return this.call("PUT", `/runs/${runId}/debug/variables`, { variables });
  }

  evaluate(runId: string, expression: string): Promise<{ value: Json }> {
    return this.call("POST", `/runs/${runId}/debug/evaluate`, { expression });
  }

  /** The event stream's response; its body goes on for as long as the page listens. */
  async events(lastEventId: string | null, signal: AbortSignal): Promise<Response> {
    const headers = this.headers("GET");
    headers.set("Accept", "text/event-stream");
    if (lastEventId) headers.set("Last-Event-ID", lastEventId);
    const response = await this.send(this.url("/events", {}), { headers, signal, credentials: "same-origin", cache: "no-store" });
    if (!response.ok) throw await refusal(response);
    return response;
  }

  async call<T>(
    method: string,
    path: string,
    body?: unknown,
    query: Query = {},
    signal?: AbortSignal,
    extra: Record<string, string> = {},
  ): Promise<T> {
    return (await this.envelope<T, unknown>(method, path, body, query, signal, extra)).data;
  }

  async envelope<T, M>(
    method: string,
    path: string,
    body?: unknown,
    query: Query = {},
    signal?: AbortSignal,
    extra: Record<string, string> = {},
  ): Promise<Envelope<T, M>> {
    const headers = this.headers(method);
    for (const [name, value] of Object.entries(extra)) headers.set(name, value);
    if (body !== undefined) headers.set("Content-Type", "application/json");
    let response: Response;
    try {
      response = await this.send(this.url(path, query), {
        method,
        headers,
        credentials: "same-origin",
        ...(body !== undefined ? { body: JSON.stringify(body) } : {}),
        ...(signal ? { signal } : {}),
      });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new ApiError(0, { code: "OFFLINE", message: "The server does not answer" });
    }
    if (!response.ok) throw await refusal(response);
    return (await response.json()) as Envelope<T, M>;
  }

  private headers(method: string): Headers {
    const headers = new Headers({ Accept: "application/json" });
    if (this.server.token) headers.set("Authorization", `token ${this.server.token}`);
    const token = method === "GET" ? null : xsrfToken(this.cookies());
    if (token) headers.set("X-XSRFToken", token);
    return headers;
  }

  private url(path: string, query: Query): string {
    const pairs = Object.entries(query).flatMap(([key, value]) => (value == null ? [] : [[key, String(value)]]));
    const text = new URLSearchParams(pairs).toString();
    return `${this.server.root}${path}${text ? `?${text}` : ""}`;
  }
}

async function refusal(response: Response): Promise<ApiError> {
  try {
    const body = (await response.json()) as { error?: ErrorBody };
    if (body.error) return new ApiError(response.status, body.error);
  } catch {
    // Not our envelope: a proxy or login page in between.
  }
  const message = response.status === 404 ? "The server has no Workbench here" : `The server answered ${response.status}`;
  return new ApiError(response.status, { code: `HTTP_${response.status}`, message });
}

/** `randomUUID` exists only on secure origins; a plain-http hub is not one. */
export function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A checkpoint's id, made from path and attempt: base64url without padding. */
export function checkpointId(path: string, attempt: number): string {
  const bytes = new TextEncoder().encode(`${path}~${attempt}`);
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
