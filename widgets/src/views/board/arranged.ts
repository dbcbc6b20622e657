/** Nodes of notes and groups; one that did not change stays the same object. */

import { groupBox, groupsOf, notesOf } from "../../core/arranging";
import { equal } from "../../core/commands";
import type { Box } from "../../core/frames";
import type { Flow, Position } from "../../core/wire";
import type { GroupNode, NoteNode } from "./geometry";

export const NOTE_ID = /^note:(.*)$/s;

/** `boxes` are the cards by block id, `dragged` where nodes are while they are dragged. */
export function noteNodes(flow: Flow, dragged: ReadonlyMap<string, Position>, isFixed: boolean, before: ReadonlyMap<string, NoteNode>): Map<string, NoteNode> {
  return new Map(
    notesOf(flow).map((note): [string, NoteNode] => {
      const id = `note:${note.id}`;
      const position = dragged.get(id) ?? note.position;
      const { width, height } = note;
      const node: NoteNode = { id, type: "note", data: { note }, position, width, height, measured: { width, height }, selectable: false, connectable: false, draggable: !isFixed, zIndex: -5, handles: [] };
      return [id, same(before.get(id), node)];
    }),
  );
}

export function groupNodes(flow: Flow, boxes: ReadonlyMap<string, Box>, before: ReadonlyMap<string, GroupNode>): Map<string, GroupNode> {
  return new Map(
    groupsOf(flow).flatMap((group): [string, GroupNode][] => {
      const box = groupBox(group, boxes);
      if (!box) return [];
      const { x, y, width, height } = box;
      const id = `group:${group.id}`;
      const node: GroupNode = { id, type: "area", data: { group }, position: { x, y }, width, height, measured: { width, height }, selectable: false, connectable: false, draggable: false, zIndex: -30, handles: [] };
      return [[id, same(before.get(id), node)]];
    }),
  );
}

function same<T>(before: T | undefined, now: T): T {
  return before && equal(before, now) ? before : now;
}
