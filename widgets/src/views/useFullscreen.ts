/** Filling the window. The top layer is the only way out of a notebook's transformed, clipped cells. */

import { useCallback, useEffect, useState, type RefObject } from "react";

export function useFullscreen(root: RefObject<HTMLElement | null>): [boolean, () => void] {
  const [on, setOn] = useState(false);
  const toggle = useCallback(() => setOn((was) => !was), []);
  useEffect(() => {
    const element = root.current;
    if (!element || !on || typeof element.showPopover !== "function") return;
    element.popover = "manual";
    element.showPopover();
    element.focus({ preventScroll: true });
    return () => {
      element.hidePopover();
      element.removeAttribute("popover");
      element.focus({ preventScroll: true });
    };
  }, [root, on]);
  return [on, toggle];
}
