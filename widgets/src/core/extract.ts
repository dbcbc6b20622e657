/**
 * A part of a flow made a function of its own, and a block that calls it in its place. What the part reads from outside
 * becomes the function's inputs; what outside reads from the part becomes its result. Inside, a small block of the outer
 * block's name stands for each input, so that expressions and wires mean what they meant. Pure.
 */

import type { Command } from "./commands";
import { freshId, freshName, handleOf } from "./flow";
import { tidy } from "./layout";
import { cachedRegions, enclosingScopes, type Types } from "./regions";
import { renameInConfig } from "./rename";
import type { Block, Edge, Flow, Json } from "./wire";

export interface Extraction {
  /** The new function's flow. */
  inside: Flow;
  inputs: readonly string[];
  outputs: readonly string[];
  /** How the outer flow changes, once the function is there. */
  commands: (functionId: string, name: string) => { commands: Command[]; callId: string };
}

export function planExtraction(flow: Flow, types: Types, chosen: ReadonlySet<string>): Extraction | { problem: string } {
  const regions = cachedRegions(flow, types);
  const part = new Set([...chosen].filter((id) => flow.blocks.some((b) => b.id === id)));
  for (const region of regions) if (part.has(region.scopeId)) for (const id of region.members) part.add(id);
  const blocks = flow.blocks.filter((b) => part.has(b.id));
  const outer = flow.blocks.filter((b) => !part.has(b.id));
  const wrong = problemOf(flow, types, part, blocks);
  if (wrong) return { problem: wrong };
  const entering = flow.edges.filter((e) => !part.has(e.source) && part.has(e.target));
  const leaving = flow.edges.filter((e) => part.has(e.source) && !part.has(e.target));
  const nameOf = new Map(flow.blocks.map((b) => [b.id, b.name]));

  // In: blocks whose wires or handles come from outside, and the names that a loop around it gives.
  const readBlocks = outer.filter((b) => entering.some((e) => e.source === b.id && e.sourcePort === "out") || blocks.some((inner) => uses(inner, types, handleOf(b.name))));
  const wired = outer.filter((b) => entering.some((e) => e.source === b.id));
  const sources = outer.filter((b) => readBlocks.includes(b) || wired.includes(b));
  const regional = regionalNames(flow, types, blocks[0]!.id, part).filter((name) => blocks.some((b) => uses(b, types, name)));
  const stand = new Map(regional.map((name) => [name, `${name}_value`]));
  // Out: blocks that outside is wired to or names.
  const results = blocks.filter((b) => leaving.some((e) => e.source === b.id) || outer.some((o) => uses(o, types, handleOf(b.name))));

  const inside = insideOf({ flow, types, blocks, entering, sources, regional, stand, results, part });
  const inputs = [...sources.map((b) => handleOf(b.name)), ...stand.values()];
  return {
    inside,
    inputs,
    outputs: results.map((b) => handleOf(b.name)),
    commands: (functionId, name) => outsideOf({ flow, types, blocks, outer, entering, leaving, sources, stand, results, functionId, name, nameOf }),
  };
}

function problemOf(flow: Flow, types: Types, part: ReadonlySet<string>, blocks: readonly Block[]): string | null {
  if (!blocks.length) return "Choose the blocks that are to become a function of their own";
  const trigger = blocks.find((b) => types.get(b.type)?.isTrigger);
  if (trigger) return `“${trigger.name}” starts this function: leave it out`;
  const ending = blocks.find((b) => b.type === "return");
  if (ending) return `“${ending.name}” ends this function, inside it would end the new one alone: leave it out`;
  const setting = blocks.find((b) => b.type === "set_variables");
  if (setting) return `“${setting.name}” sets variables, which would stay inside: leave it out`;
  const regions = cachedRegions(flow, types);
  const around = (id: string) => enclosingScopes(regions, id).filter((scope) => !part.has(scope)).join("/");
  const place = around(blocks[0]!.id);
  const other = blocks.find((b) => around(b.id) !== place);
  if (other) return `“${other.name}” stands in another region than “${blocks[0]!.name}”: choose blocks of one region`;
  const entering = new Map(flow.edges.filter((e) => !part.has(e.source) && part.has(e.target)).map((e) => [`${e.source} ${e.sourcePort}`, e]));
  const branch = [...entering.values()].find((e) => e.sourcePort !== "out");
  if (branch && entering.size > 1) return `Wires come in from “${nameIn(flow, branch.source)}” and from elsewhere: take “${nameIn(flow, branch.source)}” in too`;
  const exit = flow.edges.find((e) => part.has(e.source) && !part.has(e.target) && e.sourcePort !== "out");
  if (exit) return `A branch of “${nameIn(flow, exit.source)}” leads out to “${nameIn(flow, exit.target)}”: take that in too`;
  for (const source of flow.blocks.filter((b) => !part.has(b.id) && [...entering.values()].some((e) => e.source === b.id))) {
    const fed = reached(flow, new Set([source.id]), (e) => [e.source, e.target], part);
    const stray = blocks.find((b) => !fed.has(b.id) && uses(b, types, handleOf(source.name)));
    if (stray) return `“${stray.name}” reads “${source.name}”, which is wired to other blocks only: choose fewer blocks, or wire them`;
  }
  const through = between(flow, part);
  return through ? `“${nameIn(flow, through)}” stands between the chosen blocks: take it in too` : null;
}

/** A block outside that both follows the part and leads into it: the call would wait for itself. */
function between(flow: Flow, part: ReadonlySet<string>): string | null {
  const after = reached(flow, part, (e) => [e.source, e.target]);
  const before = reached(flow, part, (e) => [e.target, e.source]);
  return [...after].find((id) => before.has(id) && !part.has(id)) ?? null;
}

/** What edges lead to from `from` on: through blocks outside of the part, or only through blocks `within`. */
function reached(flow: Flow, from: ReadonlySet<string>, ends: (e: Edge) => [string, string], within: ReadonlySet<string> | null = null): Set<string> {
  const seen = new Set<string>();
  const queue = [...from];
  while (queue.length) {
    const id = queue.pop()!;
    for (const edge of flow.edges) {
      const [at, to] = ends(edge);
      if (at !== id || seen.has(to) || (within && !within.has(to))) continue;
      seen.add(to);
      if (within || !from.has(to)) queue.push(to);
    }
  }
  return seen;
}

const nameIn = (flow: Flow, id: string) => flow.blocks.find((b) => b.id === id)?.name ?? id;

/** Whether a block's config names a handle. */
function uses(block: Block, types: Types, handle: string): boolean {
  const probe = renameInConfig(block, types.get(block.type), new Map([[handle, `${handle}__`]]));
  return JSON.stringify(probe) !== JSON.stringify(block.config);
}

/** What the loops and handlers around give names to, such as `item`. */
function regionalNames(flow: Flow, types: Types, blockId: string, part: ReadonlySet<string>): string[] {
  const scopes = enclosingScopes(cachedRegions(flow, types), blockId).filter((id) => !part.has(id));
  return [...new Set(scopes.flatMap((id) => {
    const scope = flow.blocks.find((b) => b.id === id)!;
    const own = [scope.config.itemVariable, scope.config.indexVariable].filter((name): name is string => typeof name === "string" && name !== "");
    return [...(types.get(scope.type)?.regionNames ?? []), ...own];
  }))];
}

interface Inside {
  flow: Flow;
  types: Types;
  blocks: readonly Block[];
  entering: readonly Edge[];
  sources: readonly Block[];
  regional: readonly string[];
  stand: ReadonlyMap<string, string>;
  results: readonly Block[];
  part: ReadonlySet<string>;
}

function insideOf({ flow, types, blocks, entering, sources, regional, stand, results, part }: Inside): Flow {
  const ids = new Set([...flow.blocks.map((b) => b.id)]);
  const take = (stem: string) => {
    const id = freshId(stem, ids);
    ids.add(id);
    return id;
  };
  const start = take("start");
  const at = { x: 0, y: 0 };
  const inner = blocks.map((b) => (stand.size ? { ...b, config: renameInConfig(b, types.get(b.type), stand) } : b));
  const values = new Map([...sources.map((b): [string, string] => [b.id, b.name]), ...regional.map((name): [string, string] => [name, stand.get(name)!.replace(/_/g, " ")])].map(([key, name]) => [key, { id: take("transform"), name }]));
  const startName = freshName("start", [...inner.map((b) => b.name), ...[...values.values()].map((v) => v.name)]);
  const stands = [...values.values()].map(({ id, name }): Block => ({ id, type: "transform", name, config: { language: "expression", code: `${handleOf(startName)}.${handleOf(name)}` }, position: at }));
  const edges: Edge[] = flow.edges.filter((e) => part.has(e.source) && part.has(e.target));
  const edgeIds = new Set(flow.edges.map((e) => e.id));
  const wire = (source: string, target: string, targetPort = "in") => {
    const id = freshId("edge", edgeIds);
    edgeIds.add(id);
    edges.push({ id, source, sourcePort: "out", target, targetPort });
  };
  // What is only named stands in a row before all else; what is wired comes behind, each before its own blocks.
  const wired = new Set(entering.map((e) => values.get(e.source)!.id));
  let before = start;
  for (const { id } of stands.filter((s) => !wired.has(s.id))) {
    wire(before, id);
    before = id;
  }
  for (const id of wired) wire(before, id);
  for (const edge of entering) wire(values.get(edge.source)!.id, edge.target, edge.targetPort);
  const firsts = blocks.filter((b) => !edges.some((e) => e.target === b.id));
  for (const first of firsts) wire(before, first.id);
  const lasts = blocks.filter((b) => !flow.edges.some((e) => e.source === b.id && part.has(e.target) && !isRegion(flow, types, e)) && !insideScope(flow, types, b.id, part));
  const all = [...inner, ...stands];
  if (results.length && !(lasts.length === 1 && results.length === 1 && lasts[0]!.id === results[0]!.id)) {
    const id = take("transform");
    const name = freshName("result", all.map((b) => b.name));
    const handles = results.map((b) => handleOf(b.name));
    const config: Record<string, Json> = results.length === 1 ? { language: "expression", code: handles[0]! } : { language: "mapping", code: Object.fromEntries(handles.map((h) => [h, h])) };
    all.push({ id, type: "transform", name, config, position: at });
    for (const last of lasts) wire(last.id, id);
  }
  const properties = Object.fromEntries([...values.values()].map(({ name }) => [handleOf(name), {}]));
  const config: Record<string, Json> = values.size ? { inputSchema: { type: "object", properties } } : {};
  const made: Flow = { blocks: [{ id: start, type: "start", name: startName, config, position: at }, ...all], edges, variables: {}, notes: [], groups: [] };
  const places = tidy(made, types);
  return { ...made, blocks: made.blocks.map((b) => ({ ...b, position: places.get(b.id) ?? b.position })) };
}

function isRegion(flow: Flow, types: Types, edge: Edge): boolean {
  const source = flow.blocks.find((b) => b.id === edge.source);
  return Boolean(source && types.get(source.type)?.isScope && edge.sourcePort !== "out" && edge.sourcePort !== "error");
}

function insideScope(flow: Flow, types: Types, blockId: string, part: ReadonlySet<string>): boolean {
  return enclosingScopes(cachedRegions(flow, types), blockId).some((id) => part.has(id));
}

interface Outside {
  flow: Flow;
  types: Types;
  blocks: readonly Block[];
  outer: readonly Block[];
  entering: readonly Edge[];
  leaving: readonly Edge[];
  sources: readonly Block[];
  stand: ReadonlyMap<string, string>;
  results: readonly Block[];
  functionId: string;
  name: string;
  nameOf: ReadonlyMap<string, string>;
}

function outsideOf(given: Outside): { commands: Command[]; callId: string } {
  const { flow, types, blocks, outer, entering, leaving, sources, stand, results, functionId } = given;
  const ids = new Set(flow.blocks.map((b) => b.id));
  const callId = freshId("subflow", ids);
  ids.add(callId);
  const gone = new Set(blocks.map((b) => b.id));
  const names = outer.map((b) => b.name);
  const callName = freshName(given.name, names);
  const inputs: Record<string, Json> = Object.fromEntries([
    ...sources.map((b): [string, Json] => [handleOf(b.name), `{{ ${handleOf(b.name)} }}`]),
    ...[...stand].map(([name, as]): [string, Json] => [as, `{{ ${name} }}`]),
  ]);
  const usesVars = blocks.some((b) => uses(b, types, "vars"));
  const config: Record<string, Json> = { functionId, inputs, ...(usesVars ? { inheritContext: true } : {}) };
  const position = {
    x: Math.round(Math.min(...blocks.map((b) => b.position.x))),
    y: Math.round(blocks.map((b) => b.position.y).reduce((a, b) => a + b, 0) / blocks.length),
  };
  const commands: Command[] = blocks.map((b) => ({ type: "REMOVE_BLOCK", blockId: b.id }));
  commands.push({ type: "ADD_BLOCK", block: { id: callId, type: "subflow", name: callName, config, position } });
  const edgeIds = new Set(flow.edges.map((e) => e.id));
  const wire = (source: string, sourcePort: string, target: string, targetPort: string) => {
    const id = freshId("edge", edgeIds);
    edgeIds.add(id);
    commands.push({ type: "ADD_EDGE", edge: { id, source, sourcePort, target, targetPort } });
  };
  const grouped = flow.groups.map((group) => {
    if (!Array.isArray(group.blockIds) || !group.blockIds.some((id) => gone.has(String(id)))) return group;
    return { ...group, blockIds: [...group.blockIds.filter((id) => !gone.has(String(id))), callId] };
  });
  if (grouped.some((group, i) => group !== flow.groups[i])) commands.push({ type: "SET_GROUPS", groups: grouped });
  for (const edge of new Map(entering.map((e) => [`${e.source} ${e.sourcePort}`, e])).values()) wire(edge.source, edge.sourcePort, callId, "in");
  if (results.length > 1) {
    results.forEach((result, i) => {
      const id = freshId("transform", ids);
      ids.add(id);
      const at = { x: position.x + 280, y: position.y + 96 * i };
      commands.push({ type: "ADD_BLOCK", block: { id, type: "transform", name: result.name, config: { language: "expression", code: `${handleOf(callName)}.${handleOf(result.name)}` }, position: at } });
      wire(callId, "out", id, "in");
      for (const edge of leaving.filter((e) => e.source === result.id)) wire(id, "out", edge.target, edge.targetPort);
    });
    return { commands, callId };
  }
  for (const edge of leaving) wire(callId, "out", edge.target, edge.targetPort);
  const renamed = new Map(results.map((b) => [handleOf(b.name), handleOf(callName)]));
  for (const block of outer.filter((b) => !gone.has(b.id))) {
    const changed = renameInConfig(block, types.get(block.type), renamed);
    if (JSON.stringify(changed) !== JSON.stringify(block.config)) commands.push({ type: "UPDATE_BLOCK", blockId: block.id, config: changed });
  }
  return { commands, callId };
}
