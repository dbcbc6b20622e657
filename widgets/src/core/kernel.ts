/** The notebook's kernel, reached through the widget's own line: whether it is there, and values put into its names. */

import type { Timers } from "./events";

/** anywidget's model, as far as it is needed here. */
export interface Channel {
  send(content: unknown): void;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback: (...args: never[]) => void): void;
}

/** A value as the kernel asks the server for it. */
export interface BringRequest {
  runId: string;
  checkpointId: string;
  name: string;
  field?: string | null;
}

interface Told {
  kind?: string;
  id?: string;
  text?: string;
  error?: string;
  hint?: string | null;
}

/** A kernel may be busy with a cell for a while; past this it counts as gone. */
const PATIENCE_MS = 60_000;

export class KernelLink {
  private readonly waiting = new Map<string, (told: Told) => void>();
  private count = 0;

  /** `onThere` is told when the kernel answers, and when it no longer does. */
  constructor(
    private readonly channel: Channel,
    private readonly onThere: (isThere: boolean) => void,
    private readonly timers: Timers,
  ) {
    channel.on("msg:custom", this.hear as never);
    channel.send({ kind: "kernel" });
  }

  /** Puts a value into a name; answers what was put, in words. */
  bring(request: BringRequest): Promise<string> {
    return this.ask("bring", { ...request });
  }

  /** The function as a script that makes the same one. */
  python(): Promise<string> {
    return this.ask("python", {});
  }

  private ask(kind: string, request: object): Promise<string> {
    const id = `${Date.now().toString(36)}-${++this.count}`;
    return new Promise((resolve, reject) => {
      const stop = this.timers.later(() => {
        this.waiting.delete(id);
        this.onThere(false);
        reject(new Error("The kernel does not answer. Is it busy or was it restarted? Run the cell again."));
      }, PATIENCE_MS);
      this.waiting.set(id, (told) => {
        stop();
        if (told.error) reject(new Error([told.error, told.hint].filter(Boolean).join(" ")));
        else resolve(told.text ?? "");
      });
      this.channel.send({ kind, id, ...request });
    });
  }

  close(): void {
    this.channel.off("msg:custom", this.hear as never);
    this.waiting.clear();
  }

  private readonly hear = (told: Told): void => {
    if (told.kind === "kernel") this.onThere(true);
    if (told.kind !== "brought" || !told.id) return;
    this.waiting.get(told.id)?.(told);
    this.waiting.delete(told.id);
  };
}

const PYTHON_WORDS = new Set(
  "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(" "),
);

/** Whether Python takes a text as a variable's name. */
export function isName(text: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(text) && !PYTHON_WORDS.has(text);
}
