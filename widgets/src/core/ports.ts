/** Which wires may be drawn, and in words why not. A hint for people; the server's validation decides. Pure. */

import { inputsOf, outputsOf, ERROR_PORT } from "./flow";
import { enclosingScopes, type Region, type Types } from "./regions";
import type { Flow, PortType } from "./wire";

export interface Plug {
  blockId: string;
  port: string;
}

/** `allowed`: an odd wire that may still be drawn, since a config may take just a part of the value. */
export type Fit = { fits: true; note?: string } | { fits: false; reason: string; allowed?: true };

/** Judges every input of the flow against one output; what needs a walk of the graph is walked once. */
export function fitter(flow: Flow, types: Types, regions: readonly Region[], from: Plug): (to: Plug) => Fit {
  const blocks = new Map(flow.blocks.map((b) => [b.id, b]));
  const source = blocks.get(from.blockId);
  const upstream = ancestors(flow, from.blockId);
  const wired = new Set(
    flow.edges.filter((e) => e.source === from.blockId && e.sourcePort === from.port).map((e) => `${e.target} ${e.targetPort}`),
  );
  const inside = enclosingScopes(regions, from.blockId);
  const out: PortType =
    !source || from.port === ERROR_PORT
      ? "object"
      : (outputsOf(types.get(source.type), source).find((p) => p.name === from.port)?.type ?? "any");
  return (to) => {
    const target = blocks.get(to.blockId);
    if (!source || !target) return { fits: false, reason: "The block is gone" };
    if (to.blockId === from.blockId) return { fits: false, reason: "A block cannot feed itself" };
    const input = inputsOf(types.get(target.type)).find((p) => p.name === to.port);
    if (!input) return { fits: false, reason: `${target.name} has no input` };
    if (wired.has(`${to.blockId} ${to.port}`)) return { fits: false, reason: "These are connected already" };
    if (upstream.has(to.blockId)) return { fits: false, reason: "This would make a circle; use a loop block to repeat" };
    const around = new Set(enclosingScopes(regions, to.blockId));
    const isWired = flow.edges.some((e) => e.target === to.blockId || e.source === to.blockId);
    if (isWired && inside.some((scope) => !around.has(scope))) {
      return { fits: false, reason: "A wire cannot leave the region it starts in; go on from the scope's own out port" };
    }
    return typeFit(out, input.type);
  };
}

/** One wire judged by itself. */
export function fit(flow: Flow, types: Types, regions: readonly Region[], from: Plug, to: Plug): Fit {
  return fitter(flow, types, regions, from)(to);
}

function typeFit(out: PortType, wanted: PortType): Fit {
  if (out === wanted || out === "any" || wanted === "any") return { fits: true };
  if (wanted === "table" && out === "list") return { fits: true, note: "A list of objects reads as a table" };
  if (wanted === "list" && out === "table") return { fits: true, note: "A table reads as its rows" };
  return { fits: false, reason: `Takes ${article(wanted)}, and this gives ${article(out)}`, allowed: true };
}

function article(type: PortType): string {
  return type === "object" ? "an object" : type === "any" ? "any value" : type === "text" ? "text" : `a ${type}`;
}

function ancestors(flow: Flow, blockId: string): Set<string> {
  const before = new Map<string, string[]>();
  for (const edge of flow.edges) {
    const sources = before.get(edge.target);
    if (sources) sources.push(edge.source);
    else before.set(edge.target, [edge.source]);
  }
  const seen = new Set<string>();
  const queue = [...(before.get(blockId) ?? [])];
  while (queue.length) {
    const id = queue.pop()!;
    if (seen.has(id)) continue;
    seen.add(id);
    queue.push(...(before.get(id) ?? []));
  }
  return seen;
}
