/** What the browser keeps of one function: a full or forbidden storage forgets at once. */

import type { Draft, DraftBox } from "./drafts";

export type BrowserStorage = Pick<globalThis.Storage, "getItem" | "setItem" | "removeItem">;

export class Remembered {
  constructor(
    private readonly functionId: string,
    private readonly storage: BrowserStorage | null,
  ) {}

  read(what: string): string | null {
    try {
      return this.storage?.getItem(this.key(what)) ?? null;
    } catch {
      return null;
    }
  }

  /** Null forgets it. */
  write(what: string, value: string | null): void {
    try {
      if (value === null) this.storage?.removeItem(this.key(what));
      else this.storage?.setItem(this.key(what), value);
    } catch {
      // Not remembered, then.
    }
  }

  readJson<T>(what: string): T | null {
    try {
      return JSON.parse(this.read(what) ?? "null") as T | null;
    } catch {
      return null;
    }
  }

  /** The edits that the server does not have yet. */
  get drafts(): DraftBox {
    return {
      read: () => this.readJson<Draft>("unsaved"),
      write: (draft) => this.write("unsaved", draft && JSON.stringify(draft)),
    };
  }

  private key(what: string): string {
    return `workbench.${what}.${this.functionId}`;
  }
}
