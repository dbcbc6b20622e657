/** Whether the room that something stands in is narrower than so many pixels. */

import { useEffect, useState, type RefObject } from "react";

export function useNarrow(element: RefObject<HTMLElement | null>, width: number): boolean {
  const [narrow, setNarrow] = useState(false);
  useEffect(() => {
    const room = element.current?.parentElement;
    if (!room || typeof ResizeObserver === "undefined") return;
    const look = () => setNarrow(room.clientWidth > 0 && room.clientWidth < width);
    const observer = new ResizeObserver(look);
    observer.observe(room);
    look();
    return () => observer.disconnect();
  }, [element, width]);
  return narrow;
}
