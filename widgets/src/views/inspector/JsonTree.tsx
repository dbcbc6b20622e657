/** A JSON value as a tree: only the rows in view are drawn, whatever its size. */

import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { expressionPath, glimpse, openAtFirst, rowsOf, treeKey, visibleSlice, type TreeRow } from "../../core/inspector/tree";
import { CopyButton } from "./parts";

export interface JsonTreeProps {
  value: unknown;
  /** The expression that names the value, such as `worst_of_day`; starts every copied path. */
  root?: string;
  label: string;
  /** Height in pixels at which the tree starts to scroll. */
  maxHeight?: number;
}

const ROW = 20;
const LONG = 60;

function kindClass(value: unknown): string {
  if (value === null) return "wb-json-null";
  return `wb-json-${Array.isArray(value) ? "list" : typeof value}`;
}

export function JsonTree({ value, root = "", label, maxHeight = 320 }: JsonTreeProps) {
  const [open, setOpen] = useState(() => openAtFirst(value));
  const [at, setAt] = useState(0);
  const [scroll, setScroll] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => rowsOf(value, open), [value, open]);
  const index = Math.min(at, rows.length - 1);
  const current = rows[index];

  useEffect(() => {
    setOpen(openAtFirst(value));
    setAt(0);
  }, [value]);

  const show = (row: number) => {
    const element = box.current;
    if (!element) return;
    const top = row * ROW;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW > element.scrollTop + element.clientHeight) element.scrollTop = top + ROW - element.clientHeight;
  };
  const toggle = (row: TreeRow) => {
    const next = new Set(open);
    if (!next.delete(row.id)) next.add(row.id);
    setOpen(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "c" && current && !window.getSelection()?.toString()) {
      void navigator.clipboard?.writeText(textOf(current));
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = treeKey(rows, index, event.key);
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    if (move.open) setOpen(new Set([...open, move.open]));
    if (move.close) setOpen(new Set([...open].filter((id) => id !== move.close)));
    setAt(move.index);
    show(move.index);
  };

  const height = Math.min(maxHeight, rows.length * ROW);
  const [first, last] = visibleSlice(rows.length, ROW, scroll, height);
  return (
    <div className="wb-json">
      <div
        ref={box}
        className="wb-json-rows"
        role="tree"
        aria-label={label}
        aria-activedescendant={current ? rowId(label, current) : undefined}
        tabIndex={0}
        style={{ height }}
        onKeyDown={onKeyDown}
        onScroll={(event) => setScroll(event.currentTarget.scrollTop)}
      >
        <div style={{ height: rows.length * ROW, position: "relative" }} role="presentation">
          {rows.slice(first, last).map((row, offset) => (
            <Row
              key={row.id}
              row={row}
              id={rowId(label, row)}
              top={(first + offset) * ROW}
              selected={first + offset === index}
              onPick={() => {
                setAt(first + offset);
                if (row.children) toggle(row);
              }}
            />
          ))}
        </div>
      </div>
      {current && <Selected row={current} root={root} />}
    </div>
  );
}

const rowId = (label: string, row: TreeRow) => `${label}${row.id}`.replace(/[^\w-]/g, "_");
const textOf = (row: TreeRow) =>
  typeof row.value === "string"
    ? row.value
    : JSON.stringify(row.range && Array.isArray(row.value) ? row.value.slice(...row.range) : row.value, null, 2);

interface RowProps {
  row: TreeRow;
  id: string;
  top: number;
  selected: boolean;
  onPick(): void;
}

function Row({ row, id, top, selected, onPick }: RowProps) {
  return (
    <div
      id={id}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-expanded={row.children ? row.open : undefined}
      aria-selected={selected}
      className={`wb-json-row${selected ? " wb-on" : ""}`}
      style={{ top, height: ROW, paddingLeft: 4 + row.depth * 12 }}
      onClick={onPick}
    >
      <span className="wb-json-twist" aria-hidden="true">
        {row.children ? (row.open ? "▾" : "▸") : ""}
      </span>
      {row.label !== "" && <span className={row.range ? "wb-json-range" : "wb-json-key"}>{row.label}</span>}
      {row.range ? null : row.open ? (
        <span className="wb-json-count">{Array.isArray(row.value) ? `[${row.children}]` : `{${row.children}}`}</span>
      ) : (
        <span className={`wb-json-value ${kindClass(row.value)}`}>{glimpse(row.value, 90)}</span>
      )}
    </div>
  );
}

/** What stands under the tree: where the chosen row is, all of a long text, and copies of both. */
function Selected({ row, root }: { row: TreeRow; root: string }) {
  const path = expressionPath(root, row.steps);
  const long = typeof row.value === "string" && row.value.length > LONG;
  return (
    <div className="wb-json-foot">
      <div className="wb-json-path">
        <code title={path}>{path || "value"}</code>
        {path && (
          <CopyButton label="Copy the path" text={() => `{{ ${path} }}`}>
            copy path
          </CopyButton>
        )}
        <CopyButton label="Copy the value" text={() => textOf(row)}>
          copy value
        </CopyButton>
      </div>
      {long && (
        <pre className="wb-json-text" tabIndex={0}>
          {row.value as string}
        </pre>
      )}
    </div>
  );
}
