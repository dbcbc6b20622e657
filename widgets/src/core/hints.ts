/** What expressions at one block see, for completion: blocks upstream, the scopes around it, variables. A hint only. Pure. */

import { handleOf, indexOf } from "./flow";
import { chipText } from "./format";
import type { NameHint, ScopeHints } from "./inspector/types";
import { cachedRegions, enclosingScopes, type Types } from "./regions";
import type { RunView } from "./runview";
import type { ExpressionFunction, Flow, Json } from "./wire";

export function hintsFor(
  flow: Flow,
  types: Types,
  functions: readonly ExpressionFunction[],
  blockId: string,
  view: RunView | null,
  variables: Record<string, Json> = flow.variables,
): ScopeHints {
  const { blocks, wires } = indexOf(flow);
  const regions = cachedRegions(flow, types);
  const scopes = enclosingScopes(regions, blockId);
  const home = new Set(scopes);
  const seen = new Set<string>();
  const queue = [blockId];
  while (queue.length) {
    const id = queue.pop()!;
    for (const edge of wires.get(id) ?? []) {
      if (edge.target === id && !seen.has(edge.source)) {
        seen.add(edge.source);
        queue.push(edge.source);
      }
    }
  }
  const names: NameHint[] = [];
  for (const id of seen) {
    const block = blocks.get(id);
    // Blocks of a region that this block is not in are not seen; nor are the scopes that it stands inside of.
    if (!block || home.has(id) || enclosingScopes(regions, id).some((scope) => !home.has(scope))) continue;
    const detail = chipText(view?.blocks[id]?.summary) ?? types.get(block.type)?.title;
    names.push({ name: handleOf(block.name), kind: "block", ...(detail ? { detail } : {}), doc: block.name });
  }
  for (const id of scopes) {
    const scope = blocks.get(id);
    for (const name of regionNames(scope?.config ?? {}, types.get(scope?.type ?? "")?.regionNames ?? [])) {
      names.push({ name, kind: "scope", detail: scope?.name ?? "" });
    }
  }
  const fields = Object.entries(variables).map(([name, value]): NameHint => ({ name, kind: "field", detail: typeof value }));
  names.push({ name: "input", kind: "scope", detail: "what comes in" });
  names.push({ name: "vars", kind: "variable", detail: "variables", fields });
  return { names, functions: functions.map((f) => ({ ...f })) };
}

/** A loop's config may rename its item and index. */
function regionNames(config: Record<string, Json>, names: readonly string[]): string[] {
  const given: Record<string, Json | undefined> = { item: config.itemVariable, index: config.indexVariable };
  return names.map((name) => (typeof given[name] === "string" && given[name] ? given[name] : name));
}
