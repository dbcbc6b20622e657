/** Which blocks stand inside which scope: all that is reachable from a scope's `body` or `branch-…` port. Pure. */

import { outputsOf } from "./flow";
import type { BlockType, Flow } from "./wire";

export interface Region {
  /** `scopeId:port` */
  id: string;
  scopeId: string;
  port: string;
  /** Every block inside, those of nested regions too. */
  members: ReadonlySet<string>;
  depth: number;
}

export type Types = ReadonlyMap<string, BlockType>;

/** The regions of a flow, outer ones before inner ones. A region without blocks is left out. */
export function regionsOf(flow: Flow, types: Types): Region[] {
  const next = new Map<string, string[]>();
  for (const edge of flow.edges) {
    const targets = next.get(edge.source);
    if (targets) targets.push(edge.target);
    else next.set(edge.source, [edge.target]);
  }
  const regions: Region[] = [];
  for (const block of flow.blocks) {
    const type = types.get(block.type);
    if (!type?.isScope) continue;
    for (const port of outputsOf(type, block)) {
      if (!port.region) continue;
      const starts = flow.edges.filter((e) => e.source === block.id && e.sourcePort === port.name).map((e) => e.target);
      const members = reachable(starts, next);
      members.delete(block.id);
      if (members.size) regions.push({ id: `${block.id}:${port.name}`, scopeId: block.id, port: port.name, members, depth: 0 });
    }
  }
  for (const region of regions) {
    region.depth = regions.filter((other) => other !== region && other.members.has(region.scopeId)).length;
  }
  return regions.sort((a, b) => a.depth - b.depth);
}

function reachable(starts: string[], next: ReadonlyMap<string, string[]>): Set<string> {
  const seen = new Set<string>();
  const queue = [...starts];
  while (queue.length) {
    const id = queue.pop()!;
    if (seen.has(id)) continue;
    seen.add(id);
    queue.push(...(next.get(id) ?? []));
  }
  return seen;
}

/** The innermost region of a block, or undefined at the top. */
export function regionOf(regions: readonly Region[], blockId: string): Region | undefined {
  let found: Region | undefined;
  for (const region of regions) {
    if (region.members.has(blockId) && (!found || region.depth >= found.depth)) found = region;
  }
  return found;
}

/** The scopes around a block, outermost first. */
export function enclosingScopes(regions: readonly Region[], blockId: string): string[] {
  return regions.filter((r) => r.members.has(blockId)).map((r) => r.scopeId);
}

/** The path of a block when each scope around it shows the iteration that `chosen` names. */
export function pathOf(regions: readonly Region[], blockId: string, chosen: Readonly<Record<string, number>>): string {
  const around = enclosingScopes(regions, blockId).map((id) => `${id}[${chosen[id] ?? 0}]`);
  return [...around, blockId].join("/");
}

const known = new WeakMap<Flow, { types: Types; regions: Region[] }>();

/** `regionsOf`, worked out once per flow: every card of a canvas asks for it. */
export function cachedRegions(flow: Flow, types: Types): Region[] {
  const found = known.get(flow);
  if (found?.types === types) return found.regions;
  const regions = regionsOf(flow, types);
  known.set(flow, { types, regions });
  return regions;
}
