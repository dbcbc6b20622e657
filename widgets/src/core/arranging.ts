/** Notes, groups and the lock: what helps to read a canvas and changes nothing of what runs. */

import type { Command } from "./commands";
import { freshId } from "./flow";
import { cardBoxes, type Box } from "./frames";
import type { CanvasSession } from "./session";
import type { CanvasState } from "./state";
import type { Flow, Json, Position } from "./wire";

export interface Note {
  id: string;
  text: string;
  position: Position;
  width: number;
  height: number;
}

export interface Group {
  id: string;
  title: string;
  blockIds: readonly string[];
  /** Its blocks can be neither moved nor changed until it is unlocked. */
  locked: boolean;
}

const NOTE = { width: 220, height: 112 };
const GROUP = { side: 16, top: 36, bottom: 34 };

/** The notes of a flow; what is none of ours is left alone and not shown. */
export function notesOf(flow: Flow): Note[] {
  return flow.notes.flatMap((note) => {
    const at = note.position as { x?: unknown; y?: unknown } | null | undefined;
    if (typeof note.id !== "string" || typeof note.text !== "string" || typeof at?.x !== "number" || typeof at.y !== "number") return [];
    return [{ id: note.id, text: note.text, position: { x: at.x, y: at.y }, width: size(note.width, NOTE.width), height: size(note.height, NOTE.height) }];
  });
}

function size(value: Json | undefined, otherwise: number): number {
  return typeof value === "number" && value >= 40 && value <= 4000 ? value : otherwise;
}

/** The groups of a flow with those of their blocks that are there; without any it is not shown. */
export function groupsOf(flow: Flow): Group[] {
  const ids = new Set(flow.blocks.map((b) => b.id));
  return flow.groups.flatMap((group) => {
    if (typeof group.id !== "string" || !Array.isArray(group.blockIds)) return [];
    const blockIds = group.blockIds.filter((id): id is string => typeof id === "string" && ids.has(id));
    return blockIds.length ? [{ id: group.id, title: typeof group.title === "string" ? group.title : "", blockIds, locked: group.locked === true }] : [];
  });
}

/** The frame around a group's cards. */
export function groupBox(group: Group, boxes: ReadonlyMap<string, Box>): Box | null {
  const all = group.blockIds.flatMap((id) => boxes.get(id) ?? []);
  if (!all.length) return null;
  const left = Math.min(...all.map((b) => b.x)) - GROUP.side;
  const top = Math.min(...all.map((b) => b.y)) - GROUP.top;
  return { x: left, y: top, width: Math.max(...all.map((b) => b.x + b.width)) + GROUP.side - left, height: Math.max(...all.map((b) => b.y + b.height)) + GROUP.bottom - top };
}

/** The blocks that stand in locked groups. */
export function lockedBlocks(flow: Flow): ReadonlySet<string> {
  return new Set(groupsOf(flow).flatMap((group) => (group.locked ? group.blockIds : [])));
}

/** Why commands may not be made now; null when they may. */
export function lockedWhy(state: Pick<CanvasState, "locked" | "flow">, commands: readonly Command[]): string | null {
  if (state.locked) return "This canvas is locked: unlock it with the padlock to edit";
  const locked = lockedBlocks(state.flow);
  if (!locked.size) return null;
  const touched = commands.find((c) => "blockId" in c && locked.has(c.blockId));
  if (!touched || !("blockId" in touched)) return null;
  const group = groupsOf(state.flow).find((g) => g.locked && g.blockIds.includes(touched.blockId));
  return `The group “${group?.title || "untitled"}” is locked: unlock it with its padlock to change what is in it`;
}

export class Arranging {
  constructor(private readonly session: CanvasSession) {}

  private get flow(): Flow {
    return this.session.store.get().flow;
  }

  addNote(): void {
    const centre = this.session.viewCentre() ?? { x: 110, y: 0 };
    const id = freshId("note", new Set(this.flow.notes.map((n) => String(n.id))));
    const boxes = [...cardBoxes(this.flow, this.session.store.get().types).values(), ...notesOf(this.flow).map((n) => ({ ...n.position, ...NOTE }))];
    const at = { x: Math.round(centre.x - NOTE.width / 2), y: Math.round(centre.y - NOTE.height / 2) };
    while (boxes.some((b) => at.x < b.x + b.width + 12 && at.x + NOTE.width > b.x - 12 && at.y < b.y + b.height + 12 && at.y + NOTE.height > b.y - 12)) at.y += 40;
    this.session.edit([{ type: "SET_NOTES", notes: [...this.flow.notes, { id, text: "", position: at, ...NOTE }] }]);
    this.session.store.set({ writing: id });
  }

  changeNote(id: string, changes: Partial<Note>): void {
    this.session.edit([{ type: "SET_NOTES", notes: this.flow.notes.map((note) => (note.id === id ? { ...note, ...(changes as Record<string, Json>) } : note)) }]);
  }

  removeNote(id: string): void {
    this.session.edit([{ type: "SET_NOTES", notes: this.flow.notes.filter((note) => note.id !== id) }]);
  }

  /** The chosen blocks in a titled frame; those of another group go over to this one. */
  groupSelected(): void {
    const chosen = [...this.session.store.get().selectedBlocks];
    if (!chosen.length) return;
    const id = freshId("group", new Set(this.flow.groups.map((g) => String(g.id))));
    const others = this.flow.groups.map((group) => (Array.isArray(group.blockIds) ? { ...group, blockIds: group.blockIds.filter((b) => !chosen.includes(String(b))) } : group));
    const kept = others.filter((group) => !Array.isArray(group.blockIds) || group.blockIds.length > 0);
    this.session.edit([{ type: "SET_GROUPS", groups: [...kept, { id, title: "group", blockIds: chosen }] }]);
    this.session.store.set({ writing: id });
  }

  changeGroup(id: string, changes: { title?: string; locked?: boolean }): void {
    this.session.edit([{ type: "SET_GROUPS", groups: this.flow.groups.map((group) => (group.id === id ? { ...group, ...changes } : group)) }]);
    if (changes.locked === false) this.session.store.set({ notice: null });
  }

  ungroup(id: string): void {
    this.session.edit([{ type: "SET_GROUPS", groups: this.flow.groups.filter((group) => group.id !== id) }]);
  }

  lock(locked: boolean): void {
    this.session.store.set({ locked, notice: null });
    this.session.remembered.write("locked", locked ? "yes" : null);
  }
}
