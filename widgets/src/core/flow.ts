/** Reading a flow: handles, fresh ids and names, look-ups. Pure. */

import type { Block, BlockType, Edge, Flow, Port } from "./wire";

export const EMPTY_FLOW: Flow = { blocks: [], edges: [], variables: {}, notes: [], groups: [] };

/** Every block has this output besides its own. */
export const ERROR_PORT = "error";

/** The identifier by which expressions name a block. */
export function handleOf(name: string): string {
  const handle = name.trim().normalize("NFKC").replace(/[^\p{L}\p{N}_]+/gu, "_");
  return /^\p{N}/u.test(handle) ? `_${handle}` : handle;
}

/** `wanted`, or with the first number after it that makes its handle new among `names`. */
export function freshName(wanted: string, names: Iterable<string>): string {
  const taken = new Set([...names].map(handleOf));
  if (!taken.has(handleOf(wanted))) return wanted;
  const stem = wanted.replace(/ \d+$/, "");
  for (let n = 2; ; n++) {
    if (!taken.has(handleOf(`${stem} ${n}`))) return `${stem} ${n}`;
  }
}

/** An id like `filter_3`, unused among `ids`; people read ids in paths, so they say the type. */
export function freshId(stem: string, ids: ReadonlySet<string>): string {
  const base = stem.replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, 48) || "block";
  for (let n = 1; ; n++) {
    const id = `${base}_${n}`;
    if (!ids.has(id)) return id;
  }
}

interface FlowIndex {
  blocks: ReadonlyMap<string, Block>;
  edges: ReadonlyMap<string, Edge>;
  wires: ReadonlyMap<string, Edge[]>;
}

const indexes = new WeakMap<Flow, FlowIndex>();

/** A flow's blocks and edges by id, and each block's wires; worked out once per flow. */
export function indexOf(flow: Flow): FlowIndex {
  let index = indexes.get(flow);
  if (!index) {
    const wires = new Map<string, Edge[]>();
    for (const edge of flow.edges) {
      for (const id of new Set([edge.source, edge.target])) {
        const list = wires.get(id);
        if (list) list.push(edge);
        else wires.set(id, [edge]);
      }
    }
    index = { blocks: new Map(flow.blocks.map((b) => [b.id, b])), edges: new Map(flow.edges.map((e) => [e.id, e])), wires };
    indexes.set(flow, index);
  }
  return index;
}

export function blockById(flow: Flow, id: string): Block | undefined {
  return indexOf(flow).blocks.get(id);
}

export function edgesOf(flow: Flow, blockId: string): Edge[] {
  return indexOf(flow).wires.get(blockId) ?? [];
}

/** A block's output ports with its config: a condition's branches and a parallel's branches come from there. */
export function outputsOf(type: BlockType | undefined, block: Block): Port[] {
  if (!type) return [{ name: "out", type: "any" }];
  const own = type.outputs.filter((port) => port.name !== ERROR_PORT);
  const { config } = block;
  if (block.type === "condition" && config.multiBranch === true && Array.isArray(config.branches)) {
    const names = branchNames(config.branches, "name");
    if (config.defaultBranch === true) names.push("default");
    else if (typeof config.defaultBranch === "string" && config.defaultBranch) names.push(config.defaultBranch);
    if (names.length) return names.map((name) => ({ name, type: "any" }));
  }
  if (block.type === "parallel" && Array.isArray(config.branches)) {
    const labels = new Map(config.branches.map((b) => [String((b as Record<string, unknown> | null)?.id), (b as Record<string, unknown> | null)?.label]));
    const branches = [...new Set(branchNames(config.branches, "id"))].map((id): Port => {
      const label = labels.get(id);
      return { name: `branch-${id}`, type: "any", region: true, ...(typeof label === "string" && label ? { label } : {}) };
    });
    return [...branches, ...own.filter((port) => !port.region)];
  }
  if (block.type === "split" && config.strategy === "route" && Array.isArray(config.routes) && config.routes.length) {
    return config.routes.slice(0, 8).map((_, i): Port => ({ name: `branch-${i + 1}`, type: "any" }));
  }
  if (block.type === "split") {
    const count = typeof config.branchCount === "number" ? Math.min(8, Math.max(2, config.branchCount)) : 2;
    return Array.from({ length: count }, (_, i): Port => ({ name: `branch-${i + 1}`, type: "any" }));
  }
  return own;
}

function branchNames(branches: unknown[], key: "id" | "name"): string[] {
  return branches.flatMap((branch) => {
    const name = (branch as Record<string, unknown> | null)?.[key];
    return typeof name === "string" && name ? [name] : [];
  });
}

export function inputsOf(type: BlockType | undefined): Port[] {
  if (!type) return [{ name: "in", type: "any" }];
  return type.isTrigger ? [] : type.inputs;
}
