/** Gives the tables inside an object's fields views of their own, after the object. */

import { useEffect, useState } from "react";
import { formatCount } from "../../core/format";
import type { LoadedValue, PageRequest } from "../../core/inspector/types";
import { tablesIn, withoutTables, type InnerTable } from "../../core/tables";
import type { ValuePage } from "../../core/wire";
import type { ValueSource } from "../inspector/Inspector";

const FIRST: PageRequest = { offset: 0, limit: 50, sort: null };

export function useInnerTables(sources: readonly ValueSource[] | null): readonly ValueSource[] | null {
  const [found, setFound] = useState<{ keys: string; tables: Record<string, InnerTable[]> }>({ keys: "", tables: {} });
  const keys = (sources ?? []).map((source) => source.key).join("\n");
  useEffect(() => {
    const abort = new AbortController();
    void Promise.all(
      (sources ?? []).map(async (source): Promise<[string, InnerTable[]]> => {
        const page = await source.load(FIRST, abort.signal).catch(() => null);
        return [source.key, page && page.type === "value" ? tablesIn(page as ValuePage) : []];
      }),
    ).then((tables) => !abort.signal.aborted && setFound({ keys, tables: Object.fromEntries(tables) }));
    return () => abort.abort();
    // The keys say all that matters of the sources, which are new objects at each drawing.
  }, [keys]);
  if (!sources) return null;
  return sources.flatMap((source) => {
    const plain: ValueSource = { ...source, load: async (page, signal) => tidy(await source.load(page, signal)) };
    const inner = found.keys === keys ? (found.tables[source.key] ?? []) : [];
    return [plain, ...inner.map((table) => tableSource(source, table))];
  });
}

function tidy(value: LoadedValue): LoadedValue {
  return value.type === "value" ? (withoutTables(value as ValuePage) as LoadedValue) : value;
}

function tableSource(source: ValueSource, { field, page, rows }: InnerTable): ValueSource {
  const first = page.data.length < rows ? `, the first ${page.data.length} of ${formatCount(rows)} rows` : "";
  return {
    key: `${source.key}/${field}`,
    label: `${field}${first}`,
    expression: `${source.expression ?? ""}.${field}`,
    ...(source.onToKernel ? { onToKernel: (at: { x: number; y: number }) => source.onToKernel?.(at, field) } : {}),
    load: ({ offset, limit, sort }) => {
      const data = sort ? [...page.data].sort((a, b) => compare(a[sort.column], b[sort.column]) * (sort.descending ? -1 : 1)) : page.data;
      return Promise.resolve({ ...page, data: data.slice(offset, offset + limit) } as LoadedValue);
    },
  };
}

function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a == null) return 1;
  if (b == null) return -1;
  return a < b ? -1 : 1;
}
