/** Conditions in nested groups: all of, any of, none of. */

import { blank } from "../../core/inspector/blank";
import { formatPath, type Step } from "../../core/inspector/paths";
import { problemsAt } from "../../core/inspector/problems";
import { fieldsOf, type Shape } from "../../core/inspector/schema";
import type { JsonSchema } from "../../core/inspector/types";
import { ConditionRow } from "./ConditionRow";
import { useForm } from "./formContext";
import { AddButton, RowButtons, rowKeyDown, useRows, type RowTools } from "./ListEditor";
import { ProblemLines } from "./ProblemLines";
import { SelectField } from "./SelectField";
import { innerShape } from "./ValueField";

export interface GroupEditorProps {
  shape: Shape;
  /** The schema of one comparison. */
  leaf: JsonSchema;
  steps: readonly Step[];
  value: unknown;
  onChange(value: unknown): void;
  /** What a group inside another needs to move about. */
  tools?: RowTools;
}

type Group = Record<string, unknown>;
const isGroup = (row: unknown): row is Group => row !== null && typeof row === "object" && "conditions" in row;

const JOINS = [
  { value: "and", label: "all of" },
  { value: "or", label: "any of" },
];

export function GroupEditor({ shape, leaf, steps, value, onChange, tools }: GroupEditorProps) {
  const { root, readOnly, problems, onFix } = useForm();
  const group: Group = value !== null && typeof value === "object" ? (value as Group) : {};
  const leafFields = fieldsOf(innerShape(leaf, root, null).schema, root);
  const negatable = fieldsOf(shape.schema, root).some((field) => field.name === "negate");
  const at = [...steps, "conditions"];
  const put = (rows: unknown) => onChange({ ...group, conditions: rows });
  const { rows, keys, set, remove, move } = useRows(group.conditions, put, () => null);
  const append = (row: unknown) => put([...rows, row]);
  return (
    <div
      className="wb-group"
      role="group"
      aria-label={tools ? `Group ${tools.index + 1}` : shape.title}
      onKeyDown={tools && rowKeyDown(tools)}
    >
      <div className="wb-group-head">
        {negatable && (
          <button
            type="button"
            className="wb-join"
            aria-pressed={group.negate === true}
            disabled={readOnly}
            title="Turn the group's answer around"
            onClick={() => onChange({ ...group, negate: group.negate !== true })}
          >
            not
          </button>
        )}
        <SelectField
          id={formatPath([...steps, "logical"])}
          label="How the conditions are joined"
          options={JOINS}
          value={group.logical ?? "and"}
          readOnly={readOnly}
          onChange={(next) => onChange({ ...group, logical: next })}
        />
        {tools && <RowButtons {...tools} />}
      </div>
      <div className="wb-list">
        {rows.map((row, index) => {
          const inner: RowTools = {
            index,
            count: rows.length,
            noun: isGroup(row) ? "group" : "condition",
            readOnly,
            onMove: (to) => move(index, to),
            onRemove: () => remove(index),
          };
          const shared = { steps: [...at, index], tools: inner, onChange: (next: unknown) => set(index, next) };
          if (isGroup(row)) return <GroupEditor key={keys[index]} {...shared} shape={shape} leaf={leaf} value={row} />;
          return <ConditionRow key={keys[index]} {...shared} fields={leafFields} row={row} mode={null} />;
        })}
      </div>
      <ProblemLines problems={[...problemsAt(problems, at), ...(tools ? problemsAt(problems, steps) : [])]} onFix={onFix} />
      {!readOnly && (
        <div className="wb-group-add">
          <AddButton label="Conditions" onClick={() => append(blank(leaf, root))} />
          <AddButton label="Groups" onClick={() => append({ logical: "or", conditions: [blank(leaf, root)] })} />
        </div>
      )}
    </div>
  );
}
