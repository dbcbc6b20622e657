/** What is wrong with the flow, asked of the server a moment after the last edit. */

import type { Api } from "./api";
import type { CanvasState } from "./state";
import type { Store } from "./store";

const VALIDATE_MS = 500;

export class Validating {
  private asking: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly api: Api,
    private readonly store: Store<CanvasState>,
  ) {}

  soon(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), VALIDATE_MS);
  }

  close(): void {
    if (this.timer) clearTimeout(this.timer);
    this.asking?.abort();
  }

  private async ask(): Promise<void> {
    this.asking?.abort();
    this.asking = new AbortController();
    try {
      const validation = await this.api.validate(this.store.get().flow, this.asking.signal);
      this.store.set({ validation });
    } catch {
      // Offline or overtaken by the next edit: what is shown stays until there is an answer.
    }
  }
}
