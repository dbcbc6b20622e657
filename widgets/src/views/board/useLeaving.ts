/** Ends the writing in a field of the board where no blur tells of it: hidden for a moment, or scrolled out of sight. */

import { useEffect, useRef, type RefObject } from "react";

/** `leave(value)` is called when a person goes elsewhere and when the field goes away; it may come more than once. */
export function useLeaving(field: RefObject<HTMLInputElement | HTMLTextAreaElement | null>, leave: (value: string) => void): void {
  const latest = useRef(leave);
  latest.current = leave;
  useEffect(() => {
    const element = field.current;
    if (!element) return;
    const page = element.ownerDocument;
    const look = (event: Event) => {
      if (event.target !== element) latest.current(element.value);
    };
    page.addEventListener("focusin", look);
    page.addEventListener("pointerdown", look, true);
    return () => {
      page.removeEventListener("focusin", look);
      page.removeEventListener("pointerdown", look, true);
      latest.current(element.value);
    };
  }, [field]);
}
