/** How views reach their widget's session and read its state. */

import { createContext, useContext, useRef, useSyncExternalStore } from "react";
import type { CanvasSession } from "../core/session";
import type { CanvasState } from "../core/state";

export const SessionContext = createContext<CanvasSession | null>(null);

export function useSession(): CanvasSession {
  const session = useContext(SessionContext);
  if (!session) throw new Error("a canvas view stands outside its session");
  return session;
}

/** A part of the state; the view draws again only when `same` says that it changed. */
export function useCanvas<T>(select: (state: CanvasState) => T, same: (a: T, b: T) => boolean = Object.is): T {
  const { store } = useSession();
  const last = useRef<{ value: T } | null>(null);
  const read = () => {
    const value = select(store.get());
    if (last.current && same(last.current.value, value)) return last.current.value;
    last.current = { value };
    return value;
  };
  return useSyncExternalStore(store.subscribe, read);
}

/** Equality of the fields of two flat objects. */
export function shallow<T extends object>(a: T, b: T): boolean {
  const keys = Object.keys(a) as (keyof T)[];
  return keys.length === Object.keys(b).length && keys.every((key) => Object.is(a[key], b[key]));
}

export const isMac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);
