/** The REST calls about editing: commands, undo, versions, snapshots. */

import { randomKey, type Api } from "./api";
import type { Bundle } from "./bundles";
import type { BatchResult, CommandEntry, Diff, Flow, HistoryMeta, ImportPreview, ImportStrategy, Snapshot, Version, WorkflowFunction } from "./wire";

/** Commands as the wire spells them; the first one says which version all were made on. */
export function toWire(functionId: string, commands: readonly { type: string }[], expectedVersion?: number): object[] {
  return commands.map(({ type, ...payload }, i) => ({
    type,
    payload: { functionId, ...payload },
    ...(i === 0 && expectedVersion !== undefined ? { expectedVersion } : {}),
  }));
}

/** Body of an import and of its preview. */
export interface ImportRequest {
  bundle: Bundle;
  conflictStrategy: ImportStrategy;
  overrides?: Record<string, { action: ImportStrategy }>;
  targetCanvasId?: string;
}

export class EditingApi {
  constructor(private readonly api: Api) {}

  batch(functionId: string, commands: readonly { type: string }[], expectedVersion: number, key: string): Promise<BatchResult> {
    const body = { commands: toWire(functionId, commands, expectedVersion) };
    return this.api.call("POST", "/commands/batch", body, {}, undefined, { "Idempotency-Key": key });
  }

  /** The last change, a named one, or that and all after it. */
  undo(functionId: string, what: { groupId?: string; toGroupId?: string } = {}): Promise<BatchResult> {
    return this.api.call("POST", "/commands/undo", { functionId, ...what });
  }

  redo(functionId: string): Promise<BatchResult> {
    return this.api.call("POST", "/commands/redo", { functionId });
  }

  async history(functionId: string, query: { limit?: number; cursor?: string } = {}): Promise<{ entries: CommandEntry[]; meta: HistoryMeta }> {
    const { data, meta } = await this.api.envelope<CommandEntry[], HistoryMeta>("GET", "/commands/history", undefined, { functionId, ...query });
    return { entries: data, meta: meta! };
  }

  async versions(functionId: string, query: { limit?: number; cursor?: string } = {}): Promise<{ versions: Version[]; next: string | null }> {
    const { data, meta } = await this.api.envelope<Version[], { nextCursor?: string | null }>("GET", `/functions/${functionId}/versions`, undefined, query);
    return { versions: data, next: meta?.nextCursor ?? null };
  }

  diff(functionId: string, from: number, to: number): Promise<Diff> {
    return this.api.call("GET", `/functions/${functionId}/versions/diff`, undefined, { from, to });
  }

  restore(functionId: string, version: number, expectedVersion: number): Promise<WorkflowFunction> {
    return this.api.call("POST", `/functions/${functionId}/versions/${version}/restore`, { expectedVersion });
  }

  snapshots(functionId: string): Promise<Snapshot[]> {
    return this.api.call("GET", `/functions/${functionId}/snapshots`, undefined, { limit: 200 });
  }

  snapshot(id: string): Promise<Snapshot & { flow: Flow }> {
    return this.api.call("GET", `/snapshots/${id}`);
  }

  takeSnapshot(functionId: string, body: { name: string; description?: string; tags?: string[] }): Promise<Snapshot> {
    return this.api.call("POST", `/functions/${functionId}/snapshots`, body);
  }

  restoreSnapshot(id: string): Promise<WorkflowFunction> {
    return this.api.call("POST", `/snapshots/${id}/restore`, {});
  }

  favourite(id: string, isFavorite: boolean): Promise<Snapshot> {
    return this.api.call("POST", `/snapshots/${id}/favorite`, { isFavorite });
  }

  tag(id: string, tags: readonly string[]): Promise<Snapshot> {
    return this.api.call("PUT", `/snapshots/${id}/tags`, { tags });
  }

  /** A function as a bundle. */
  export(functionId: string): Promise<Bundle> {
    return this.api.call("GET", `/export/${functionId}`);
  }

  previewImport(body: ImportRequest): Promise<ImportPreview> {
    return this.api.call("POST", "/import/preview", body);
  }

  importBundle(body: ImportRequest): Promise<ImportPreview> {
    return this.api.call("POST", "/import", body, {}, undefined, { "Idempotency-Key": randomKey() });
  }

  createFunction(body: { name: string; canvasId?: string; description?: string; flow: Flow }): Promise<WorkflowFunction> {
    return this.api.call("POST", "/functions", body, {}, undefined, { "Idempotency-Key": randomKey() });
  }

  dropSnapshot(id: string): Promise<unknown> {
    return this.api.call("DELETE", `/snapshots/${id}`);
  }
}
