/** What expressions at one block see, for completion: blocks upstream, the scopes around it, variables. A hint only. Pure. */

import { handleOf, indexOf } from "./flow";
import { chipText } from "./format";
import type { NameHint, ScopeHints } from "./inspector/types";
import { cachedRegions, enclosingScopes, type Types } from "./regions";
import type { RunView } from "./runview";
import type { ExpressionFunction, Flow, Json, ValuePage } from "./wire";

/** What is known of the insides of blocks' values, by block id. */
export type Fields = Readonly<Record<string, NameHint[]>>;

const NO_FIELDS: Fields = {};
const MOST_FIELDS = 500;

/** Every block that leads to this one, and its direct sources first. */
export function upstreamOf(flow: Flow, blockId: string): string[] {
  const { wires } = indexOf(flow);
  const seen = new Set<string>();
  const queue = [blockId];
  while (queue.length) {
    const id = queue.shift()!;
    for (const edge of wires.get(id) ?? []) {
      if (edge.target === id && !seen.has(edge.source)) {
        seen.add(edge.source);
        queue.push(edge.source);
      }
    }
  }
  return [...seen];
}

/** The columns of a table, or the fields of an object and of what is inside it. */
export function fieldsIn(page: ValuePage): NameHint[] {
  if (page.type === "table") return columns(page.columns);
  return fieldsOfValue(page.value);
}

function columns(found: readonly { name: string; type: string }[]): NameHint[] {
  return found.slice(0, MOST_FIELDS).map(({ name, type }) => ({ name, kind: "field", detail: type }));
}

function fieldsOfValue(value: Json, depth = 0): NameHint[] {
  if (typeof value !== "object" || value === null || Array.isArray(value) || depth > 3) return [];
  return Object.entries(value)
    .slice(0, MOST_FIELDS)
    .map(([name, inner]): NameHint => {
      const table = isTable(inner) ? inner.$table : null;
      const fields = table ? columns(table.columns) : fieldsOfValue(inner, depth + 1);
      const detail = table ? `${table.rows} × ${table.columns.length}` : kindOf(inner);
      return { name, kind: "field", detail, ...(fields.length ? { fields } : {}) };
    });
}

function isTable(value: Json): value is { $table: { rows: number; columns: { name: string; type: string }[] } } {
  const table = typeof value === "object" && value !== null && !Array.isArray(value) ? value.$table : null;
  return typeof table === "object" && table !== null && !Array.isArray(table) && Array.isArray(table.columns);
}

function kindOf(value: Json): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "list" : typeof value === "string" ? "text" : typeof value;
}

export function hintsFor(
  flow: Flow,
  types: Types,
  functions: readonly ExpressionFunction[],
  blockId: string,
  view: RunView | null,
  variables: Record<string, Json> = flow.variables,
  known: Fields = NO_FIELDS,
): ScopeHints {
  const { blocks, wires } = indexOf(flow);
  const regions = cachedRegions(flow, types);
  const scopes = enclosingScopes(regions, blockId);
  const home = new Set(scopes);
  const seen = upstreamOf(flow, blockId);
  const names: NameHint[] = [];
  for (const id of seen) {
    const block = blocks.get(id);
    // Blocks of a region that this block is not in are not seen; nor are the scopes that it stands inside of.
    if (!block || home.has(id) || enclosingScopes(regions, id).some((scope) => !home.has(scope))) continue;
    const detail = chipText(view?.blocks[id]?.summary) ?? types.get(block.type)?.title;
    names.push({ name: handleOf(block.name), kind: "block", ...(detail ? { detail } : {}), doc: block.name, ...inside(known[id]) });
  }
  for (const id of scopes) {
    const scope = blocks.get(id);
    for (const name of regionNames(scope?.config ?? {}, types.get(scope?.type ?? "")?.regionNames ?? [])) {
      const now = view?.debug?.names?.[name];
      const isItem = name === regionNames(scope?.config ?? {}, ["item"])[0];
      const fields = now != null ? fieldsOfValue(now) : isItem ? follow(names, scope?.config.items) : [];
      names.push({ name, kind: "scope", detail: scope?.name ?? "", ...inside(fields) });
    }
  }
  const fields = Object.entries(variables).map(([name, value]): NameHint => ({ name, kind: "field", detail: typeof value }));
  const sources = (wires.get(blockId) ?? []).filter((edge) => edge.target === blockId);
  names.push({ name: "input", kind: "scope", detail: "what comes in", ...inside(sources.length === 1 ? known[sources[0]!.source] : undefined) });
  names.push({ name: "vars", kind: "variable", detail: "variables", fields });
  return { names, functions: functions.map((f) => ({ ...f })) };
}

function inside(fields: NameHint[] | undefined): { fields?: NameHint[] } {
  return fields?.length ? { fields } : {};
}

/** The fields of what an expression such as `{{ flights.data }}` names. */
function follow(names: readonly NameHint[], text: Json | undefined): NameHint[] {
  const path = typeof text === "string" ? /^\s*(?:\{\{)?\s*([A-Za-z_][\w.]*)\s*(?:\}\})?\s*$/.exec(text)?.[1]?.split(".") : undefined;
  let here: readonly NameHint[] = names;
  for (const step of path ?? []) here = here.find((hint) => hint.name === step)?.fields ?? [];
  return path ? [...here] : [];
}

/** A loop's config may rename its item and index. */
function regionNames(config: Record<string, Json>, names: readonly string[]): string[] {
  const given: Record<string, Json | undefined> = { item: config.itemVariable, index: config.indexVariable };
  return names.map((name) => (typeof given[name] === "string" && given[name] ? given[name] : name));
}
