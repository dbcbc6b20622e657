/** The history of edits in words: what undo is called, who did what, and which entries are one change. Pure. */

import type { UndoName } from "./state";
import type { CommandEntry } from "./wire";

/** `Undo move of 3 blocks`, with whose change it was where that says something. */
export function undoWords(verb: "Undo" | "Redo", name: UndoName): string {
  const label = lowered(name.label);
  return `${verb} ${label}`;
}

/** A label within a sentence: its first letter small, unless it begins with a name. */
export function lowered(label: string): string {
  return /^[A-Z][a-z]/.test(label) ? label[0]!.toLowerCase() + label.slice(1) : label;
}

const ORIGINS: Readonly<Record<string, string>> = { jupyter: "canvas", canvas: "canvas", kernel: "Python", python: "Python", api: "REST", rest: "REST", system: "the server" };

export function originWords(origin: string): string {
  return ORIGINS[origin.toLowerCase()] ?? origin;
}

/** Whether an author's name says something to a person: made-up login names of a token do not. */
export function isPersonal(author: string | null): author is string {
  return author !== null && author.length <= 32 && !/^[0-9a-f-]{32,}$/i.test(author);
}

/** Who made a change, and by which door. */
export function byWhom(author: string | null, origin: string | null): string {
  const door = origin ? originWords(origin) : "";
  const who = isPersonal(author) ? author.replace(/^key:/, "key ") : "";
  if (who.toLowerCase() === door.toLowerCase()) return door;
  return [who, door].filter(Boolean).join(", ");
}

/** One change: the commands of one group, which one undo takes back. */
export interface Change {
  groupId: string;
  label: string;
  kind: CommandEntry["kind"];
  author: string;
  origin: string;
  undone: boolean;
  at: string;
  /** The versions that it made, from first to last. */
  from: number;
  to: number;
  entries: CommandEntry[];
}

/** Entries, newest first, as changes; typing that went on over several versions is one. */
export function changesOf(entries: readonly CommandEntry[]): Change[] {
  const changes: Change[] = [];
  const known = new Map<string, Change>();
  for (const entry of entries) {
    const found = known.get(entry.groupId);
    if (found) {
      found.entries.push(entry);
      found.from = Math.min(found.from, entry.version);
      continue;
    }
    const { groupId, label, kind, author, origin, undone, createdAt, version } = entry;
    const change: Change = { groupId, label, kind, author, origin, undone, at: createdAt, from: version, to: version, entries: [entry] };
    known.set(groupId, change);
    changes.push(change);
  }
  return changes;
}

/** The changes to take back, newest first, so that everything after `change` and it itself is undone. */
export function toUndo(changes: readonly Change[], change: Change): Change[] {
  const end = changes.indexOf(change);
  return changes.slice(0, end + 1).filter((c) => !c.undone && c.kind !== "undo" && c.kind !== "redo");
}

/** `a, b, a` → the tags in it, each once. */
export function readTags(text: string): string[] {
  return [...new Set(text.split(",").map((tag) => tag.trim()).filter(Boolean))].slice(0, 20);
}
