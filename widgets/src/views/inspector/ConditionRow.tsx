/** One condition in two lines: what is looked at; how, and with what it is compared. */

import type { ReactNode } from "react";
import { formatPath, type Step } from "../../core/inspector/paths";
import { problemsUnder } from "../../core/inspector/problems";
import type { Field, Shape } from "../../core/inspector/schema";
import type { ExpressionMode } from "../../core/inspector/types";
import { operatorInWords, takesNoValue } from "../../core/inspector/words";
import { useForm } from "./formContext";
import { RowButtons, rowKeyDown, type RowTools } from "./ListEditor";
import { ProblemLines } from "./ProblemLines";
import { SelectField } from "./SelectField";
import { ValueField } from "./ValueField";

export interface ConditionRowProps {
  fields: readonly Field[];
  steps: readonly Step[];
  row: unknown;
  tools: RowTools;
  mode: ExpressionMode | null;
  onChange(row: Record<string, unknown>): void;
}

const LEFT = ["left", "field"];
const RIGHT = ["right", "value"];
const JOIN = ["logical", "join", "combine"];

export function ConditionRow({ fields, steps, row, tools, mode, onChange }: ConditionRowProps) {
  const { problems, readOnly, onFix } = useForm();
  const object = (row !== null && typeof row === "object" ? row : {}) as Record<string, unknown>;
  const named = (names: string[]) => fields.find((field) => names.includes(field.name));
  const [left, operator, right, join] = [named(LEFT), named(["operator"]), named(RIGHT), named(JOIN)];
  const others = fields.filter((field) => ![left, operator, right, join].includes(field));
  const name = `Condition ${tools.index + 1}`;
  const change = (field: string, next: unknown) => {
    const copy = { ...object };
    if (next === undefined) delete copy[field];
    else copy[field] = next;
    onChange(copy);
  };
  const part = (field: Field | undefined, hint: string): ReactNode => {
    if (!field) return null;
    const shape: Shape = field.mode || mode !== "template" ? field : { ...field, mode };
    const value = object[field.name] ?? (field.default === null ? undefined : field.default);
    const at = [...steps, field.name];
    return (
      <ValueField
        shape={shape}
        steps={at}
        siblings={object}
        value={value}
        required={field.required}
        onChange={(next) => change(field.name, next)}
        id={formatPath(at)}
        label={`${name}, ${field.title.toLowerCase()}`}
        placeholder={hint}
      />
    );
  };
  const joinBy = join ? (object[join.name] ?? join.default ?? "and") : null;
  return (
    <div className="wb-list-row wb-condition" role="group" aria-label={name} onKeyDown={rowKeyDown(tools)}>
      {tools.index > 0 && join && (
        <button
          type="button"
          className="wb-join"
          disabled={readOnly}
          title="How this joins the conditions above: click to change"
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
              id={formatPath([...steps, "operator"])}
              label={`${name}, operator`}
              options={operator.widget.options.map(({ value, label }) => ({
                value,
                label: typeof value === "string" ? operatorInWords(value) : label,
              }))}
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
      <ProblemLines problems={problemsUnder(problems, steps)} onFix={onFix} />
    </div>
  );
}
