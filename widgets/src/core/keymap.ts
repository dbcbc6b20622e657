/** The canvas's keys: which event means which action. Keys count only while the canvas has focus. Pure. */

export interface KeyBinding {
  action: string;
  keys: string;
  label: string;
  group: "Build" | "Move about" | "Run and debug";
}

/** In the order in which `?` shows them. `Mod` is Ctrl, or ⌘ on a Mac. */
export const KEYS: readonly KeyBinding[] = [
  { action: "add", keys: "/", label: "Add a block", group: "Build" },
  { action: "config", keys: "Enter", label: "Open its config", group: "Build" },
  { action: "rename", keys: "F2", label: "Rename", group: "Build" },
  { action: "remove", keys: "Delete", label: "Remove", group: "Build" },
  { action: "remove", keys: "Backspace", label: "Remove", group: "Build" },
  { action: "copy", keys: "Mod+c", label: "Copy", group: "Build" },
  { action: "cut", keys: "Mod+x", label: "Cut", group: "Build" },
  { action: "paste", keys: "Mod+v", label: "Paste", group: "Build" },
  { action: "duplicate", keys: "Mod+d", label: "Duplicate", group: "Build" },
  { action: "undo", keys: "Mod+z", label: "Undo", group: "Build" },
  { action: "redo", keys: "Mod+Shift+z", label: "Redo", group: "Build" },
  { action: "tidy", keys: "l", label: "Tidy the layout", group: "Build" },
  { action: "menu", keys: "m", label: "The block's menu", group: "Build" },
  { action: "note", keys: "n", label: "Add a note", group: "Build" },
  { action: "group", keys: "g", label: "Group blocks", group: "Build" },
  { action: "extract", keys: "e", label: "Extract to a subflow", group: "Build" },
  { action: "lock", keys: "Shift+l", label: "Lock, unlock", group: "Build" },
  { action: "connect", keys: "c", label: "Connect from it", group: "Build" },
  { action: "next", keys: "ArrowRight", label: "Along the wire", group: "Move about" },
  { action: "previous", keys: "ArrowLeft", label: "Back along the wire", group: "Move about" },
  { action: "above", keys: "ArrowUp", label: "The block above", group: "Move about" },
  { action: "below", keys: "ArrowDown", label: "The block below", group: "Move about" },
  { action: "nudge", keys: "Alt+ArrowRight", label: "Move the block", group: "Move about" },
  { action: "nudge", keys: "Alt+ArrowLeft", label: "Move the block", group: "Move about" },
  { action: "nudge", keys: "Alt+ArrowUp", label: "Move the block", group: "Move about" },
  { action: "nudge", keys: "Alt+ArrowDown", label: "Move the block", group: "Move about" },
  { action: "selectAll", keys: "Mod+a", label: "Select all", group: "Move about" },
  { action: "function", keys: "i", label: "The function, its runs", group: "Move about" },
  { action: "history", keys: "h", label: "History, versions", group: "Move about" },
  { action: "more", keys: ".", label: "Export, import, more", group: "Move about" },
  { action: "find", keys: "Mod+f", label: "Find a block", group: "Move about" },
  { action: "fit", keys: "0", label: "Show the whole", group: "Move about" },
  { action: "fullscreen", keys: "Shift+f", label: "Fill the window", group: "Move about" },
  { action: "leave", keys: "Escape", label: "Close, then leave", group: "Move about" },
  { action: "help", keys: "?", label: "Show these keys", group: "Move about" },
  { action: "run", keys: "Mod+Enter", label: "Run", group: "Run and debug" },
  { action: "retry", keys: "Mod+Shift+Enter", label: "Retry from the failure", group: "Run and debug" },
  { action: "debug", keys: "F5", label: "Debug, or continue", group: "Run and debug" },
  { action: "breakpoint", keys: "F9", label: "Breakpoint on or off", group: "Run and debug" },
  { action: "editBreakpoint", keys: "Shift+F9", label: "Edit the breakpoint", group: "Run and debug" },
  { action: "over", keys: "F10", label: "Step over", group: "Run and debug" },
  { action: "into", keys: "F11", label: "Step into", group: "Run and debug" },
  { action: "out", keys: "Shift+F11", label: "Step out", group: "Run and debug" },
  { action: "back", keys: "Shift+F10", label: "Step back", group: "Run and debug" },
];

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** The action that a key press means, or null. */
export function actionOf(press: KeyPress): string | null {
  const pressed = spell(press);
  return KEYS.find((binding) => binding.keys === pressed)?.action ?? null;
}

/**
 * Whether Lab may have a key that was pressed inside the canvas: combinations that mean nothing here, such as Ctrl+S.
 * Plain letters it may not: in a notebook's command mode they delete and insert cells. While typing, saving only.
 */
export function belongsToLab(press: KeyPress, isTyping: boolean): boolean {
  if (!press.ctrlKey && !press.metaKey) return false;
  return isTyping ? press.key.toLowerCase() === "s" : actionOf(press) === null;
}

function spell(press: KeyPress): string {
  const letter = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  const sign = press.key.length === 1 && !/[a-z0-9]/i.test(press.key);
  return [
    press.ctrlKey || press.metaKey ? "Mod" : "",
    press.altKey ? "Alt" : "",
    press.shiftKey && !sign ? "Shift" : "",
    letter,
  ]
    .filter(Boolean)
    .join("+");
}

/** Keys as a person reads them: `Ctrl+Shift+Z`, `⌘⇧Z`. */
export function readable(keys: string, mac: boolean): string {
  const signs: Record<string, string> = {
    ArrowRight: "→", ArrowLeft: "←", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", Delete: "Del",
    ...(mac ? { Mod: "⌘", Shift: "⇧", Alt: "⌥" } : { Mod: "Ctrl" }),
  };
  const parts = keys.split("+").map((part) => signs[part] ?? (part.length === 1 ? part.toUpperCase() : part));
  return parts.join(mac ? "" : "+");
}

/** The keys of an action, for tooltips. */
export function keysOf(action: string, mac = false): string {
  const binding = KEYS.find((b) => b.action === action);
  return binding ? readable(binding.keys, mac) : "";
}
