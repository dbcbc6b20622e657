/** Which keys a field keeps for itself, and which go on to the canvas. */

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** Run, debug and breakpoint keys work from a field too; everything else that is typed in a field stays there. */
export function goesToCanvas(event: KeyPress): boolean {
  if (/^F\d{1,2}$/.test(event.key)) return event.key !== "F2";
  return event.key === "Enter" && (event.ctrlKey || event.metaKey);
}

/** The tab that a key in the row of tabs leads to, or null. */
export function tabKey(key: string, index: number, count: number): number | null {
  if (key === "ArrowRight") return (index + 1) % count;
  if (key === "ArrowLeft") return (index - 1 + count) % count;
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : null;
}
