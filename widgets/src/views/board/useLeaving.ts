/** Ends the writing in a field of the board, also where no blur tells of it: hidden for a moment, or scrolled out of sight. */

import { useCallback, useEffect, useRef, type RefObject } from "react";
import { useSession } from "../session";

/** `save(value)` is called once, when a person goes elsewhere or the field goes away. Answers how to end it with another value. */
export function useLeaving(id: string, field: RefObject<HTMLInputElement | HTMLTextAreaElement | null>, save: (value: string) => void): (value: string) => void {
  const session = useSession();
  const latest = useRef(save);
  latest.current = save;
  const leave = useCallback(
    (value: string) => {
      if (session.store.get().writing !== id) return;
      session.store.set({ writing: null });
      latest.current(value);
    },
    [session, id],
  );
  useEffect(() => {
    const element = field.current;
    if (!element) return;
    const page = element.ownerDocument;
    const out = () => leave(element.value);
    const look = (event: Event) => event.target !== element && out();
    element.addEventListener("blur", out);
    page.addEventListener("focusin", look);
    page.addEventListener("pointerdown", look, true);
    return () => {
      element.removeEventListener("blur", out);
      page.removeEventListener("focusin", look);
      page.removeEventListener("pointerdown", look, true);
      out();
    };
  }, [field, leave]);
  return leave;
}
