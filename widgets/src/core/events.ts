/**
 * The page's one event connection. Server-Sent Events read through fetch, since `EventSource` can neither send a token nor
 * resume at an id after it gave up. It runs while anyone listens and comes back by itself.
 */

export interface ServerEvent {
  id: string | null;
  event: string;
  data: string;
}

/** Cuts a stream's text into events; keeps what is not whole yet. */
export class EventParser {
  private rest = "";

  push(text: string): ServerEvent[] {
    this.rest = (this.rest + text).replace(/\r\n/g, "\n");
    const parts = this.rest.split("\n\n");
    this.rest = parts.pop() ?? "";
    return parts.flatMap((part) => {
      const found: ServerEvent = { id: null, event: "message", data: "" };
      const data: string[] = [];
      for (const line of part.split("\n")) {
        const [, field, value] = /^(\w+)(?:: ?(.*))?$/.exec(line) ?? [];
        if (field === "id") found.id = value ?? "";
        else if (field === "event") found.event = value ?? "message";
        else if (field === "data") data.push(value ?? "");
      }
      found.data = data.join("\n");
      return found.event !== "message" || data.length ? [found] : [];
    });
  }
}

export type Connection = "connecting" | "live" | "lost";

/** A listener gets each event's name and its parsed data; `reset` means: read everything again. */
export type Listener = (event: string, data: unknown) => void;

export interface Timers {
  later: (action: () => void, ms: number) => () => void;
}

export const browserTimers: Timers = {
  later: (action, ms) => {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
/** Three heartbeats: a connection silent for longer is dead even if no one said so. */
const SILENCE = 45_000;

export class EventStream {
  private listeners = new Set<Listener>();
  private watchers = new Set<() => void>();
  private abort: AbortController | null = null;
  private lastId: string | null = null;
  private failures = 0;
  private cancelWait: (() => void) | null = null;
  private cancelSilence: (() => void) | null = null;
  private wasLive = false;
  private current: Connection = "connecting";

  constructor(
    private readonly open: (lastEventId: string | null, signal: AbortSignal) => Promise<Response>,
    private readonly timers: Timers = browserTimers,
  ) {}

  /** Listens; the connection opens with the first listener and closes after the last. */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    if (this.listeners.size === 1) this.connect();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.close();
    };
  }

  status = (): Connection => this.current;

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  /** Tries again now, as a click on "lost" asks for. */
  retry(): void {
    if (this.current !== "lost" || this.listeners.size === 0) return;
    this.cancelWait?.();
    this.connect();
  }

  private connect(): void {
    this.cancelWait = null;
    const abort = new AbortController();
    this.abort = abort;
    void this.read(abort).then(
      () => this.comeBack(abort),
      () => this.comeBack(abort),
    );
  }

  private async read(abort: AbortController): Promise<void> {
    const response = await this.open(this.lastId, abort.signal);
    const reader = response.body!.getReader();
    const decoder = new TextDecoder();
    const parser = new EventParser();
    this.move("live");
    // Without an id to resume at, what happened while the line was down is unknown: everyone reads again.
    if (this.wasLive && this.lastId === null) this.tell("reset", {});
    this.wasLive = true;
    this.failures = 0;
    for (;;) {
      this.listenForSilence(abort);
      const { done, value } = await reader.read();
      if (done || abort.signal.aborted) return;
      for (const event of parser.push(decoder.decode(value, { stream: true }))) {
        if (event.id) this.lastId = event.id;
        this.tell(event.event, event.data ? (JSON.parse(event.data) as unknown) : {});
      }
    }
  }

  private tell(event: string, data: unknown): void {
    for (const listener of [...this.listeners]) {
      try {
        listener(event, data);
      } catch (problem) {
        console.error("workbench: a listener failed", problem);
      }
    }
  }

  private listenForSilence(abort: AbortController): void {
    this.cancelSilence?.();
    this.cancelSilence = this.timers.later(() => abort.abort(), SILENCE);
  }

  private comeBack(abort: AbortController): void {
    if (this.abort !== abort || this.listeners.size === 0) return;
    this.cancelSilence?.();
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.failures);
    this.failures++;
    this.move("lost");
    this.cancelWait = this.timers.later(() => this.connect(), wait);
  }

  private close(): void {
    this.cancelWait?.();
    this.cancelSilence?.();
    this.abort?.abort();
    this.abort = null;
    this.lastId = null;
    this.wasLive = false;
    this.failures = 0;
    this.move("connecting");
  }

  private move(to: Connection): void {
    if (this.current === to) return;
    this.current = to;
    for (const watcher of [...this.watchers]) watcher();
  }
}
