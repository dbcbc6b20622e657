/** Conditions as sentences: field, operator, value, each joined to the one above it. */

import { formatPath, type Step } from "../../core/inspector/paths";
import { problemsUnder } from "../../core/inspector/problems";
import { blank, fieldsOf, type Field, type Shape } from "../../core/inspector/schema";
import type { ExpressionMode, JsonSchema } from "../../core/inspector/types";
import { operatorInWords, takesNoValue } from "../../core/inspector/words";
import { useForm } from "./formContext";
import { AddButton, RowButtons, rowKeyDown, useRows, type RowTools } from "./ListEditor";
import { ProblemLines } from "./ProblemLines";
import { SelectField } from "./SelectField";
import { innerShape, ValueField } from "./ValueField";

export interface ConditionsEditorProps {
  shape: Shape;
  item: JsonSchema;
  steps: readonly Step[];
  value: unknown;
  onChange(value: unknown): void;
  label: string;
  mode: ExpressionMode | null;
}

const LEFT = ["left", "field"];
const RIGHT = ["right", "value"];
const JOIN = ["logical", "join", "combine"];

export function ConditionsEditor({ item, steps, value, onChange, mode }: ConditionsEditorProps) {
  const { root, problems, readOnly, onFix } = useForm();
  const fields = fieldsOf(innerShape(item, root, mode).schema, root);
  const { rows, keys, set, add, remove, move } = useRows(value, onChange, () => blank(item, root));
  const named = (names: string[]) => fields.find((field) => names.includes(field.name));
  const [left, operator, right, join] = [named(LEFT), named(["operator"]), named(RIGHT), named(JOIN)];
  const others = fields.filter((field) => ![left, operator, right, join].includes(field));
  return (
    <div className="wb-list wb-conditions">
      {rows.map((row, index) => {
        const at = [...steps, index];
        const object = (row !== null && typeof row === "object" ? row : {}) as Record<string, unknown>;
        const tools: RowTools = { index, count: rows.length, noun: "condition", readOnly, onMove: (to) => move(index, to), onRemove: () => remove(index) };
        const change = (field: string, next: unknown) => {
          const copy = { ...object };
          if (next === undefined) delete copy[field];
          else copy[field] = next;
          set(index, copy);
        };
        const part = (field: Field | undefined, hint: string) =>
          field && <Part field={field} mode={mode} steps={at} object={object} onChange={(next) => change(field.name, next)} label={`Condition ${index + 1}, ${field.title.toLowerCase()}`} hint={hint} />;
        const joinBy = join ? (object[join.name] ?? join.default ?? "and") : null;
        return (
          <div key={keys[index]} className="wb-list-row wb-condition" role="group" aria-label={`Condition ${index + 1}`} onKeyDown={rowKeyDown(tools)}>
            {index > 0 && join && (
              <button
                type="button"
                className="wb-join"
                disabled={readOnly}
                title="Joined to the conditions above: click to change"
                onClick={() => change(join.name, joinBy === "or" ? "and" : "or")}
              >
                {String(joinBy)}
              </button>
            )}
            <div className="wb-condition-grid">
              {part(left, left?.name === "field" ? "field" : "left")}
              <RowButtons {...tools} />
              <div className="wb-condition-second">
                {operator?.widget.kind === "select" ? (
                  <SelectField
                    id={formatPath([...at, "operator"])}
                    label={`Condition ${index + 1}, operator`}
                    options={operator.widget.options.map((option) => ({ value: option.value, label: typeof option.value === "string" ? operatorInWords(option.value) : option.label }))}
                    value={object.operator ?? operator.default}
                    readOnly={readOnly}
                    onChange={(next) => change("operator", next)}
                    compact
                  />
                ) : (
                  part(operator, "operator")
                )}
                {!takesNoValue(object.operator) && part(right, "value")}
              </div>
            </div>
            {others.map((field) => (
              <div key={field.name} className="wb-condition-other">
                <span className="wb-help">{field.title}</span>
                {part(field, field.title.toLowerCase())}
              </div>
            ))}
            <ProblemLines problems={problemsUnder(problems, at)} onFix={onFix} />
          </div>
        );
      })}
      {!readOnly && <AddButton label="Conditions" onClick={add} />}
    </div>
  );
}

interface PartProps {
  field: Field;
  mode: ExpressionMode | null;
  steps: readonly Step[];
  object: Record<string, unknown>;
  onChange(value: unknown): void;
  label: string;
  hint: string;
}

function Part({ field, mode, steps, object, onChange, label, hint }: PartProps) {
  const at = [...steps, field.name];
  const shape: Shape = field.mode || mode !== "template" ? field : { ...field, mode };
  return <ValueField shape={shape} steps={at} siblings={object} value={object[field.name] ?? (field.default === null ? undefined : field.default)} required={field.required} onChange={onChange} id={formatPath(at)} label={label} placeholder={hint} />;
}
