/** Keys for the rows of a list that has no ids: they follow rows as they move, so that focus and typing stay with them. */

import { useRef } from "react";
import { moved } from "../../core/inspector/paths";

export interface RowKeys {
  keys: string[];
  insert(at: number): void;
  remove(at: number): void;
  move(from: number, to: number): void;
}

export function useRowKeys(count: number): RowKeys {
  const next = useRef(0);
  const keys = useRef<string[]>([]);
  while (keys.current.length < count) keys.current.push(`row${next.current++}`);
  if (keys.current.length > count) keys.current = keys.current.slice(0, count);
  return {
    keys: keys.current,
    insert: (at) => void (keys.current = [...keys.current.slice(0, at), `row${next.current++}`, ...keys.current.slice(at)]),
    remove: (at) => void (keys.current = keys.current.filter((_, index) => index !== at)),
    move: (from, to) => void (keys.current = moved(keys.current, from, to)),
  };
}
