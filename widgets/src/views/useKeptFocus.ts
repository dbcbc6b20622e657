/** Keeps the keyboard in the canvas when the button that had the focus goes away or is switched off by its own act. */

import { useCallback, useEffect, useRef, type RefObject } from "react";
import { useCanvas } from "./session";

/** Answers what forgets the focus: for acts that mean to leave the canvas. */
export function useKeptFocus(root: RefObject<HTMLElement | null>): () => void {
  const wasInside = useRef(false);
  const busy = useCanvas((s) => s.busy);
  const status = useCanvas((s) => s.view?.debug?.status ?? s.view?.run.status);
  const canUndo = useCanvas((s) => s.undo === null);
  const canRedo = useCanvas((s) => s.redo === null);
  const saving = useCanvas((s) => s.saving);
  const panel = useCanvas((s) => `${s.comparison === null} ${s.historyPanel} ${s.notice === null}`);

  useEffect(() => {
    const page = root.current?.ownerDocument;
    if (!page) return;
    // An element that vanishes or is disabled tells no one where the focus went; a person who leaves clicks or tabs elsewhere.
    const look = (event: Event) => {
      wasInside.current = root.current?.contains(event.target as Node) ?? false;
    };
    page.addEventListener("focusin", look);
    page.addEventListener("pointerdown", look, true);
    return () => {
      page.removeEventListener("focusin", look);
      page.removeEventListener("pointerdown", look, true);
    };
  }, [root]);

  useEffect(() => {
    const element = root.current;
    if (!element || !wasInside.current) return;
    const active = element.ownerDocument.activeElement;
    const isLost = !active || active === element.ownerDocument.body || (element.contains(active) && active.matches(":disabled"));
    if (isLost) element.focus({ preventScroll: true });
  }, [root, busy, status, canUndo, canRedo, saving, panel]);

  return useCallback(() => {
    wasInside.current = false;
  }, []);
}
