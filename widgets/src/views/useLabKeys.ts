/** Who gets a key: Lab listens on the document before anyone inside does, and passes over elements that bear a mark. */

import { useEffect, type RefObject } from "react";
import { belongsToLab } from "../core/keymap";

const MARK = "data-lm-suppress-shortcuts";
const TYPING = "input, textarea, select, [contenteditable=true], .nokey";

export function useLabKeys(root: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const element = root.current;
    const page = element?.ownerDocument.defaultView;
    if (!element || !page) return;
    // The window's turn comes before the document's: the mark is right by the time that Lab looks.
    const decide = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement | null;
      if (!target || !element.contains(target)) return;
      const isLabs = belongsToLab(event, target.closest(TYPING) !== null);
      for (const marked of [element, ...element.querySelectorAll(".wb-inspector")]) {
        if (isLabs) marked.removeAttribute(MARK);
        else marked.setAttribute(MARK, "true");
      }
    };
    element.setAttribute(MARK, "true");
    page.addEventListener("keydown", decide, true);
    return () => page.removeEventListener("keydown", decide, true);
  }, [root]);
}
