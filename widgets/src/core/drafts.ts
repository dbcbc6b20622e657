/** Edits that the server does not have yet, kept in the browser until it does. */

import type { Step } from "./steps";
import type { Flow } from "./wire";

export interface Draft {
  base: Flow;
  steps: Step[];
}

export interface DraftBox {
  read: () => Draft | null;
  write: (draft: Draft | null) => void;
}
