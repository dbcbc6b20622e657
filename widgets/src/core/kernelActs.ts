/** The notebook's kernel as one canvas asks it: values brought there, the function as Python. */

import { checkpointId } from "./api";
import { browserTimers } from "./events";
import { blockById, handleOf } from "./flow";
import { KernelLink, type Channel } from "./kernel";
import type { CanvasSession } from "./session";
import type { KernelValue } from "./state";

export class KernelActs {
  private link: KernelLink | null = null;

  constructor(private readonly session: CanvasSession) {}

  reach(channel: Channel): void {
    this.link = new KernelLink(channel, (kernel) => this.session.store.set({ kernel }), browserTimers);
  }

  close(): void {
    this.link?.close();
  }

  /** A block's value as the kernel can be asked for it; null where there is none now. */
  valueOf(blockId: string, field: string | null = null): KernelValue | null {
    const { view, flow, kernel } = this.session.store.get();
    const place = this.session.running.placeOf(blockId);
    if (!kernel || !view || !place) return null;
    const handle = handleOf(blockById(flow, blockId)?.name ?? "value");
    return { runId: view.run.id, ...place, field, name: field ? `${handle}_${handleOf(field)}` : handle };
  }

  /** The function as Python, from the kernel; null where none answers. */
  async python(): Promise<string | null> {
    await this.session.document.flush();
    return this.link && this.session.store.get().kernel ? this.link.python() : null;
  }

  async bring(value: KernelValue, name: string): Promise<void> {
    if (!this.link) return;
    this.session.say(`Bringing ${name} to the kernel…`);
    try {
      const { runId, path, attempt, field } = value;
      const put = await this.link.bring({ runId, checkpointId: checkpointId(path, attempt), name, field });
      this.session.say(`In the kernel: ${put}`);
    } catch (problem) {
      this.session.say(problem instanceof Error ? problem.message : String(problem), "error");
    }
  }
}
