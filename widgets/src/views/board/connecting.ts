/** While a wire is dragged: which inputs fit. */

import { createContext, useContext, useSyncExternalStore } from "react";
import type { Fit, Plug } from "../../core/ports";
import { Store } from "../../core/store";

export interface Connecting {
  from: Plug | null;
  judge: ((to: Plug) => Fit) | null;
}

export const ConnectingContext = createContext(new Store<Connecting>({ from: null, judge: null }));

/** How an input fits the wire being dragged; null while none is, or for outputs. */
export function useConnecting(blockId: string | null, port: string): Fit | null {
  const store = useContext(ConnectingContext);
  const judge = useSyncExternalStore(store.subscribe, () => store.get().judge);
  return judge && blockId ? judge({ blockId, port }) : null;
}
