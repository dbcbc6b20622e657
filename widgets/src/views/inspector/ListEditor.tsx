/** A list as rows to add, remove and put in order. Rows of few small fields stand in columns, larger ones as cards. */

import { useRef, type KeyboardEvent, type ReactNode } from "react";
import { blank } from "../../core/inspector/blank";
import { formatPath, moved, type Step } from "../../core/inspector/paths";
import { problemsAt, problemsUnder } from "../../core/inspector/problems";
import { fieldsOf, humanName, type Field, type Shape } from "../../core/inspector/schema";
import type { ExpressionMode, JsonSchema } from "../../core/inspector/types";
import { useForm } from "./formContext";
import { Icon, IconButton } from "./parts";
import { ProblemLines } from "./ProblemLines";
import { SelectField } from "./SelectField";
import { useRowKeys } from "./useRowKeys";
import { EVERYTHING_IS_TEXT, innerShape, ObjectFields, ValueField } from "./ValueField";

export interface ListEditorProps {
  item: JsonSchema;
  steps: readonly Step[];
  value: unknown;
  onChange(value: unknown): void;
  label: string;
  mode: ExpressionMode | null;
}

/** What one row of a list needs to move about. */
export interface RowTools {
  index: number;
  count: number;
  noun: string;
  readOnly: boolean;
  onMove(to: number): void;
  onRemove(): void;
}

/** Alt+Up and Alt+Down move the row that has the focus. */
export function rowKeyDown(tools: RowTools) {
  return (event: KeyboardEvent) => {
    if (!event.altKey || tools.readOnly || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    const to = tools.index + (event.key === "ArrowUp" ? -1 : 1);
    if (to < 0 || to >= tools.count) return;
    event.preventDefault();
    event.stopPropagation();
    tools.onMove(to);
  };
}

export function RowButtons({ index, count, noun, readOnly, onMove, onRemove }: RowTools) {
  if (readOnly) return null;
  const name = `${noun} ${index + 1}`;
  return (
    <span className="wb-row-buttons">
      {count > 1 && (
        <span className="wb-row-moves">
          <IconButton
            icon="up"
            label={`Move ${name} up (Alt+↑)`}
            disabled={index === 0}
            onClick={() => onMove(index - 1)}
            className="wb-quiet"
          />
          <IconButton
            icon="down"
            label={`Move ${name} down (Alt+↓)`}
            disabled={index === count - 1}
            onClick={() => onMove(index + 1)}
            className="wb-quiet"
          />
        </span>
      )}
      <IconButton icon="cross" label={`Remove ${name}`} onClick={onRemove} className="wb-quiet" />
    </span>
  );
}

export function singular(label: string): string {
  const word = label.toLowerCase();
  if (/ches$|shes$|xes$/.test(word)) return word.replace(/es$/, "");
  if (/ies$/.test(word)) return word.replace(/ies$/, "y");
  return /[^sui]s$/.test(word) ? word.replace(/s$/, "") : word;
}

const SMALL = new Set(["text", "number", "select", "toggle", "any"]);

/** The rows' shared behaviour: values, keys, moves, the add button. */
export function useRows(value: unknown, onChange: (value: unknown) => void, make: () => unknown) {
  const rows: unknown[] = Array.isArray(value) ? value : [];
  const keys = useRowKeys(rows.length);
  return {
    rows,
    keys: keys.keys,
    set: (index: number, next: unknown) => onChange(rows.map((row, at) => (at === index ? next : row))),
    add: () => {
      keys.insert(rows.length);
      onChange([...rows, make()]);
    },
    remove: (index: number) => {
      keys.remove(index);
      onChange(rows.filter((_, at) => at !== index));
    },
    move: (from: number, to: number) => {
      keys.move(from, to);
      onChange(moved(rows, from, to));
    },
  };
}

export function AddButton({ label, onClick }: { label: string; onClick(): void }) {
  const noun = singular(label);
  return (
    <button type="button" className="wb-add" aria-label={`Add to ${label}`} onClick={onClick}>
      <Icon name="plus" /> Add{noun === label.toLowerCase() ? "" : ` ${noun}`}
    </button>
  );
}

export function ListEditor({ item, steps, value, onChange, label, mode }: ListEditorProps) {
  const { root, problems, readOnly, onFix } = useForm();
  const box = useRef<HTMLDivElement>(null);
  const shape = innerShape(item, root, mode);
  const make = () => (shape.widget.kind === "any" || shape.widget.kind === "text" ? "" : blank(item, root));
  const { rows, keys, set, add, remove, move } = useRows(value, onChange, make);
  const noun = singular(label);
  const fields = shape.widget.kind === "object" ? fieldsOf(shape.schema, root) : [];
  const inColumns = fields.length > 0 && fields.length <= 3 && fields.every((field) => SMALL.has(field.widget.kind));
  const toolsOf = (index: number): RowTools => ({
    index,
    count: rows.length,
    noun,
    readOnly,
    onMove: (to) => move(index, to),
    onRemove: () => remove(index),
  });
  const body = (row: unknown, index: number): ReactNode => {
    const at = [...steps, index];
    if (inColumns)
      return (
        <ColumnRow fields={fields} steps={at} value={row} onChange={(next) => set(index, next)} name={`${noun} ${index + 1}`} mode={mode} />
      );
    if (shape.widget.kind === "object")
      return <ObjectFields shape={shape} steps={at} value={row} onChange={(next) => set(index, next)} mode={mode} />;
    return (
      <ValueField
        shape={shape}
        steps={at}
        siblings={EVERYTHING_IS_TEXT}
        value={row}
        required
        onChange={(next) => set(index, next ?? "")}
        id={`${formatPath(at)}`}
        label={`${noun} ${index + 1}`}
      />
    );
  };
  return (
    <div className="wb-list" ref={box}>
      {inColumns && rows.length > 0 && (
        <div className="wb-columns-head" aria-hidden="true" style={{ gridTemplateColumns: columnsOf(fields) }}>
          {fields.map((field) => (
            <span key={field.name} title={field.description}>
              {field.title}
            </span>
          ))}
        </div>
      )}
      {rows.map((row, index) => {
        const tools = toolsOf(index);
        const mine = inColumns || !fields.length ? problemsUnder(problems, [...steps, index]) : problemsAt(problems, [...steps, index]);
        const card = shape.widget.kind === "object" && !inColumns;
        return (
          <div
            key={keys[index]}
            className={card ? "wb-card" : "wb-list-row"}
            role="group"
            aria-label={`${noun} ${index + 1}`}
            onKeyDown={rowKeyDown(tools)}
          >
            {card ? (
              <div className="wb-card-head">
                <span className="wb-label">
                  {humanName(noun)} {index + 1}
                </span>
                <RowButtons {...tools} />
              </div>
            ) : null}
            <div className="wb-list-main">
              {body(row, index)}
              {!card && <RowButtons {...tools} />}
            </div>
            <ProblemLines problems={mine} onFix={onFix} />
          </div>
        );
      })}
      {!readOnly && <AddButton label={label} onClick={add} />}
    </div>
  );
}

const columnsOf = (fields: readonly Field[]) =>
  fields.map((field) => (field.widget.kind === "toggle" ? "auto" : "minmax(0, 1fr)")).join(" ");

interface ColumnRowProps {
  fields: readonly Field[];
  steps: readonly Step[];
  value: unknown;
  onChange(value: unknown): void;
  name: string;
  mode: ExpressionMode | null;
}

function ColumnRow({ fields, steps, value, onChange, name, mode }: ColumnRowProps) {
  const { readOnly } = useForm();
  const object = (value !== null && typeof value === "object" ? value : {}) as Record<string, unknown>;
  const set = (field: string, next: unknown) => {
    const copy = { ...object };
    if (next === undefined) delete copy[field];
    else copy[field] = next;
    onChange(copy);
  };
  return (
    <div className="wb-columns" style={{ gridTemplateColumns: columnsOf(fields) }}>
      {fields.map((field) => {
        const at = [...steps, field.name];
        const here = object[field.name] ?? (field.hasDefault ? field.default : undefined);
        const shared = { id: formatPath(at), label: `${name}: ${field.title}`, onChange: (next: unknown) => set(field.name, next) };
        if (field.widget.kind === "select")
          return (
            <SelectField
              key={field.name}
              {...shared}
              options={field.widget.options}
              value={here}
              nullable={field.nullable}
              readOnly={readOnly}
              compact
            />
          );
        const shape: Shape = field.mode || mode !== "template" ? field : { ...field, mode };
        return (
          <ValueField
            key={field.name}
            {...shared}
            shape={shape}
            steps={at}
            siblings={object}
            value={here}
            required={field.required}
            placeholder={field.title.toLowerCase()}
          />
        );
      })}
    </div>
  );
}
