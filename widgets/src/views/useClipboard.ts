/** Copy, cut and paste through the browser's own events: they work without asking for the clipboard. */

import { useEffect, type RefObject } from "react";
import { readBundle } from "../core/bundles";
import { useSession } from "./session";

export function useClipboard(root: RefObject<HTMLElement | null>): void {
  const session = useSession();
  useEffect(() => {
    const element = root.current;
    if (!element) return;
    const isOurs = (event: Event) => !(event.target as HTMLElement).closest("input, textarea, [contenteditable=true], .nokey");
    const copy = (event: ClipboardEvent) => {
      if (!isOurs(event) || session.store.get().selectedBlocks.size === 0) return;
      event.clipboardData?.setData("text/plain", session.copying.copy());
      if (event.type === "cut") session.removeSelected();
      event.preventDefault();
      event.stopPropagation();
    };
    const paste = (event: ClipboardEvent) => {
      if (!isOurs(event)) return;
      const text = event.clipboardData?.getData("text/plain") ?? "";
      const isBundle = text.includes("formatVersion") && "bundle" in readBundle(text);
      if (isBundle) session.overlay({ kind: "import", text });
      if (isBundle || session.copying.paste(text)) {
        event.preventDefault();
        event.stopPropagation();
      }
    };
    element.addEventListener("copy", copy);
    element.addEventListener("cut", copy);
    element.addEventListener("paste", paste);
    return () => {
      element.removeEventListener("copy", copy);
      element.removeEventListener("cut", copy);
      element.removeEventListener("paste", paste);
    };
  }, [root, session]);
}
