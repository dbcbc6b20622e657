/** One page of a table: columns with type, nulls and a small histogram, then the rows. */

import { useState } from "react";
import { bars, cellText, grouped, isNumeric, shortType } from "../../core/inspector/format";
import type { Column, PageRequest, TableValue } from "../../core/inspector/types";

export interface TableViewProps {
  table: TableValue;
  label: string;
  offset: number;
  sort: PageRequest["sort"];
  /** Asks for another order; null is the table's own. */
  onSort(sort: PageRequest["sort"]): void;
  busy?: boolean;
}

/** A wide table shows so many columns at first: each costs a cell in every row. */
const COLUMNS = 40;

export function TableView({ table, label, offset, sort, onSort, busy = false }: TableViewProps) {
  const [shown, setShown] = useState(COLUMNS);
  const columns = table.columns.slice(0, shown);
  const hidden = table.columns.length - columns.length;
  return (
    <div className={`wb-table-box${busy ? " wb-busy" : ""}`} tabIndex={0} role="region" aria-label={`${label}, table`} aria-busy={busy}>
      <table className="wb-table" aria-rowcount={table.rows} aria-colcount={table.columns.length}>
        <thead>
          <tr>
            <th className="wb-row-number" scope="col">
              <span className="wb-sr">Row</span>
            </th>
            {columns.map((column) => (
              <Head key={column.name} column={column} rows={table.rows} sort={sort} onSort={onSort} />
            ))}
            {hidden > 0 && (
              <th scope="col" rowSpan={1}>
                <button type="button" className="wb-text-button" onClick={() => setShown(shown + COLUMNS)}>
                  +{hidden} columns
                </button>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {table.data.map((row, index) => (
            <tr key={offset + index}>
              <th className="wb-row-number" scope="row">
                {grouped(offset + index + 1)}
              </th>
              {columns.map((column) => (
                <Cell key={column.name} value={row[column.name]} numeric={isNumeric(column.type)} />
              ))}
              {hidden > 0 && <td />}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ value, numeric }: { value: unknown; numeric: boolean }) {
  if (value === null || value === undefined) return <td className={`wb-null${numeric ? " wb-num" : ""}`}>null</td>;
  const text = cellText(value);
  if (text === "") return <td className="wb-null">""</td>;
  return (
    <td className={numeric ? "wb-num" : undefined} title={text.length > 24 ? text : undefined}>
      {text.length > 200 ? `${text.slice(0, 200)}…` : text}
    </td>
  );
}

interface HeadProps {
  column: Column;
  rows: number;
  sort: PageRequest["sort"];
  onSort(sort: PageRequest["sort"]): void;
}

/** Ascending, descending, then the table's own order again. */
export function nextSort(column: string, sort: PageRequest["sort"]): PageRequest["sort"] {
  if (sort?.column !== column) return { column, descending: false };
  return sort.descending ? null : { column, descending: true };
}

function Head({ column, rows, sort, onSort }: HeadProps) {
  const numeric = isNumeric(column.type);
  const mine = sort?.column === column.name ? sort : null;
  const nulls = column.nulls ?? 0;
  const range = column.min !== undefined && column.min !== null ? `${cellText(column.min)} … ${cellText(column.max)}` : "";
  const share = rows ? nulls / rows : 0;
  return (
    <th scope="col" className={numeric ? "wb-num" : undefined} aria-sort={mine ? (mine.descending ? "descending" : "ascending") : "none"}>
      <button
        type="button"
        className="wb-column"
        onClick={() => onSort(nextSort(column.name, sort))}
        title={`${column.name}: ${column.type}${range && `, ${range}`}${nulls ? `, ${grouped(nulls)} nulls` : ""}. Click to sort.`}
      >
        <span className="wb-column-name">
          {column.name}
          <span className="wb-sort" aria-hidden="true">
            {mine ? (mine.descending ? "▾" : "▴") : ""}
          </span>
        </span>
        <span className="wb-column-type">
          {shortType(column.type)}
          {nulls > 0 && (
            <span className="wb-column-nulls">
              {" "}
              · {share >= 0.995 ? "all" : share >= 0.01 ? `${Math.round(share * 100)}%` : grouped(nulls)} null
            </span>
          )}
        </span>
        <Histogram column={column} range={range} />
      </button>
    </th>
  );
}

const WIDTH = 64;
const HEIGHT = 16;

function Histogram({ column, range }: { column: Column; range: string }) {
  const shapes = bars(column.histogram ?? [], WIDTH, HEIGHT);
  if (!shapes.length) return <span className="wb-histogram" />;
  return (
    <svg
      className="wb-histogram"
      width={WIDTH}
      height={HEIGHT + 1}
      viewBox={`0 0 ${WIDTH} ${HEIGHT + 1}`}
      role="img"
      aria-label={`Distribution${range && `, ${range}`}`}
    >
      {shapes.map((bar, index) => (
        <rect key={index} x={bar.x} y={bar.y} width={bar.w} height={bar.h} />
      ))}
      <line x1="0" x2={WIDTH} y1={HEIGHT + 0.5} y2={HEIGHT + 0.5} />
    </svg>
  );
}
