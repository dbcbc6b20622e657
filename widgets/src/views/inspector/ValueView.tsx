/** A value on a wire: loads it page by page and shows it as a table, a tree or text. */

import { useCallback, useEffect, useRef, useState, type ReactNode } from "react";
import { grouped, pageText, toCsv } from "../../core/inspector/format";
import type { LoadedValue, PageRequest, TableValue } from "../../core/inspector/types";
import { JsonTree } from "./JsonTree";
import { CopyButton, Empty, IconButton } from "./parts";
import { Prose } from "./Prose";
import { TableView } from "./TableView";

export interface ValueViewProps {
  /** Answers one page in the value endpoint's shapes. A new function identity alone does not load again; `valueKey` does. */
  load(page: PageRequest, signal: AbortSignal): Promise<LoadedValue>;
  /** Names the value: checkpoint id and part. Another key is another value. */
  valueKey: string;
  label: string;
  /** The expression that names it, for copied paths. */
  expression?: string;
  pageSize?: number;
  maxHeight?: number;
  /** Brings the value into the notebook's kernel. */
  onToKernel?(at: { x: number; y: number }): void;
  /** Offered when the value was not kept. */
  onRunAgain?(): void;
}

interface Loaded {
  key: string;
  value: LoadedValue | null;
  error: { message: string; hint?: string; gone: boolean } | null;
  busy: boolean;
}

const GONE = new Set(["NOT_FOUND", "NOT_KEPT", "VALUE_NOT_KEPT", "GONE"]);

function problemOf(error: unknown): Loaded["error"] {
  const { message, hint, code } = (error ?? {}) as { message?: string; hint?: string; code?: string };
  return { message: message || "The value could not be loaded.", gone: GONE.has(code ?? ""), ...(hint ? { hint } : {}) };
}

/** The page asked for; a newer question makes older answers void, and the last page stays in view until the next is there. */
function usePage(load: ValueViewProps["load"], key: string, page: PageRequest, attempt: number): Loaded {
  const [state, setState] = useState<Loaded>({ key, value: null, error: null, busy: true });
  const loader = useRef(load);
  loader.current = load;
  const { offset, limit, sort } = page;
  useEffect(() => {
    const abort = new AbortController();
    setState((old) => ({ key, value: old.key === key ? old.value : null, error: null, busy: true }));
    loader.current({ offset, limit, sort }, abort.signal).then(
      (value) => abort.signal.aborted || setState({ key, value, error: null, busy: false }),
      (error: unknown) => abort.signal.aborted || setState((old) => ({ ...old, error: problemOf(error), busy: false })),
    );
    return () => abort.abort();
  }, [key, offset, limit, sort?.column, sort?.descending, attempt]);
  return state.key === key ? state : { key, value: null, error: null, busy: true };
}

export function ValueView(props: ValueViewProps) {
  return <Value key={props.valueKey} {...props} />;
}

function Value({ load, valueKey, label, expression, pageSize = 50, maxHeight, onToKernel, onRunAgain }: ValueViewProps) {
  const [page, setPage] = useState<PageRequest>({ offset: 0, limit: pageSize, sort: null });
  const [attempt, setAttempt] = useState(0);
  const { value, error, busy } = usePage(load, valueKey, page, attempt);
  const again = useCallback(() => setAttempt((count) => count + 1), []);
  const gone = error?.gone || (value?.type === "none" && value.reason === "notKept");

  if (gone) {
    return (
      <Empty
        action={
          onRunAgain && (
            <button type="button" className="wb-button" onClick={onRunAgain}>
              Run again
            </button>
          )
        }
      >
        Not kept, run again. Large values between pure blocks are kept for a function's last 10 runs.
      </Empty>
    );
  }
  if (error && !value) {
    return (
      <Empty
        action={
          <button type="button" className="wb-button" onClick={again}>
            Try again
          </button>
        }
      >
        <span className="wb-tone-error" role="alert">
          ✕ <Prose text={error.message} />
        </span>
        {error.hint && (
          <span className="wb-hint">
            <Prose text={error.hint} />
          </span>
        )}
      </Empty>
    );
  }
  if (!value) return <Skeleton />;
  if (value.type === "none")
    return (
      <Empty>
        {value.reason === "skipped" ? "This block was skipped: nothing came here." : "No value yet. Run the function to see it here."}
      </Empty>
    );
  const kernel = onToKernel && (
    <IconButton
      icon="kernel"
      label="Bring to the kernel…"
      testId="to-kernel"
      onClick={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        onToKernel({ x: box.right - 260, y: box.bottom + 4 });
      }}
    />
  );
  if (value.type === "value")
    return (
      <Plain
        value={value.value}
        label={label}
        tools={kernel}
        {...(expression ? { expression } : {})}
        {...(maxHeight ? { maxHeight } : {})}
      />
    );
  return (
    <div className="wb-value">
      <div className="wb-value-head">
        <span className="wb-value-size">
          {grouped(value.rows)} rows × {value.columns.length} columns
        </span>
        <span className="wb-value-tools">
          <CopyButton label="Copy this page as CSV" text={() => toCsv(value)}>
            CSV
          </CopyButton>
          <CopyButton label="Copy this page as JSON" text={() => JSON.stringify(value.data, null, 2)}>
            JSON
          </CopyButton>
          {kernel}
        </span>
      </div>
      {error && (
        <p className="wb-problem-line wb-tone-error" role="alert">
          ✕ {error.message}
        </p>
      )}
      {value.columns.length ? (
        <TableView
          table={value}
          label={label}
          offset={page.offset}
          sort={page.sort}
          busy={busy}
          onSort={(sort) => setPage({ ...page, offset: 0, sort })}
        />
      ) : (
        <Empty>A table without columns.</Empty>
      )}
      <Pager table={value} page={page} busy={busy} onPage={(offset) => setPage({ ...page, offset })} />
    </div>
  );
}

function Pager({ table, page, busy, onPage }: { table: TableValue; page: PageRequest; busy: boolean; onPage(offset: number): void }) {
  const { offset, limit, sort } = page;
  const last = Math.max(0, Math.floor((table.rows - 1) / limit) * limit);
  return (
    <div className="wb-pager">
      <span>
        {pageText(offset, table.data.length, table.rows)}
        {sort && (
          <span className="wb-pager-sort">
            {" "}
            · by {sort.column}, {sort.descending ? "descending" : "ascending"}
          </span>
        )}
      </span>
      {table.rows > limit && (
        <span className="wb-value-tools">
          <IconButton
            icon="left"
            label="Earlier rows"
            disabled={busy || offset === 0}
            onClick={() => onPage(Math.max(0, offset - limit))}
          />
          <IconButton icon="right" label="Later rows" disabled={busy || offset >= last} onClick={() => onPage(offset + limit)} />
        </span>
      )}
    </div>
  );
}

interface PlainProps {
  value: unknown;
  label: string;
  expression?: string;
  maxHeight?: number;
  tools: ReactNode;
}

function Plain({ value, label, expression, maxHeight, tools }: PlainProps) {
  const branch = value !== null && typeof value === "object";
  const size = Array.isArray(value)
    ? `list of ${grouped(value.length)}`
    : branch
      ? `object, ${Object.keys(value).length} fields`
      : value === null
        ? "null"
        : typeof value === "string"
          ? `text, ${grouped(value.length)} characters`
          : typeof value;
  const empty = branch && !Object.keys(value).length;
  return (
    <div className="wb-value">
      <div className="wb-value-head">
        <span className="wb-value-size">{size}</span>
        <span className="wb-value-tools">
          <CopyButton label="Copy the whole value" text={() => (typeof value === "string" ? value : JSON.stringify(value, null, 2))}>
            copy
          </CopyButton>
          {tools}
        </span>
      </div>
      {typeof value === "string" ? (
        <pre className="wb-text-value" tabIndex={0}>
          {value || <span className="wb-null">empty text</span>}
        </pre>
      ) : branch && !empty ? (
        <JsonTree value={value} label={label} {...(expression ? { root: expression } : {})} {...(maxHeight ? { maxHeight } : {})} />
      ) : (
        <pre className="wb-text-value wb-scalar">{JSON.stringify(value)}</pre>
      )}
    </div>
  );
}

/** Where the value will be: the same height as a small table's head, so that little moves when it comes. */
function Skeleton() {
  return (
    <div className="wb-skeleton" role="status" aria-label="Loading the value">
      {Array.from({ length: 6 }, (_, index) => (
        <span key={index} style={{ width: `${92 - ((index * 37) % 40)}%` }} />
      ))}
    </div>
  );
}
