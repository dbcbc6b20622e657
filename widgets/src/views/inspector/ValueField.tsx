/** Draws one value by its shape: the place where a schema becomes a widget. */

import { useMemo } from "react";
import { blank } from "../../core/inspector/blank";
import { formatLiteral, hasExpression, kindOf, parseLiteral, parseNumber } from "../../core/inspector/literal";
import { formatPath, type Step } from "../../core/inspector/paths";
import { problemsUnder } from "../../core/inspector/problems";
import { applies, fieldsOf, shapeOf, type Shape } from "../../core/inspector/schema";
import type { ExpressionMode, ScopeHints } from "../../core/inspector/types";
import { ChoiceField } from "./ChoiceField";
import { CodeField } from "./CodeField";
import { ConditionsEditor } from "./ConditionsEditor";
import type { CodeLanguage } from "./editorSetup";
import { FieldRow } from "./FieldRow";
import { useForm } from "./formContext";
import { FunctionField } from "./FunctionField";
import { GroupEditor } from "./GroupEditor";
import { JsonField } from "./JsonField";
import { AddButton, ListEditor } from "./ListEditor";
import { MapEditor } from "./MapEditor";
import { inWords, NumberField, TextField, useLocalText } from "./PlainFields";
import { useSecrets } from "./SecretPicker";
import { SelectField } from "./SelectField";

export interface ValueFieldProps {
  shape: Shape;
  steps: readonly Step[];
  siblings: Record<string, unknown>;
  value: unknown;
  /** The value shown is the default, not set. */
  isDefault?: boolean;
  asExpression?: boolean;
  required?: boolean;
  onChange(value: unknown): void;
  id: string;
  label: string;
  describedBy?: string;
  placeholder?: string;
}

export function ValueField(props: ValueFieldProps) {
  const { shape, steps, siblings, value, onChange, id, label, describedBy, asExpression } = props;
  const { root, readOnly } = useForm();
  const { widget, mode } = shape;
  if (asExpression || mode === "expression" || mode === "deferred") return <ExpressionField {...props} />;
  switch (widget.kind) {
    case "code":
      return <CodeBox {...props} />;
    case "select":
      return (
        <SelectField
          id={id}
          label={label}
          options={widget.options}
          nullable={shape.nullable}
          value={value}
          readOnly={readOnly}
          onChange={onChange}
          {...(describedBy ? { describedBy } : {})}
        />
      );
    case "function":
      return <FunctionField id={id} label={label} value={value} readOnly={readOnly} onChange={onChange} {...(describedBy ? { describedBy } : {})} />;
    case "toggle":
      return (
        <label className="wb-toggle">
          <input
            id={id}
            type="checkbox"
            checked={value === true}
            disabled={readOnly}
            aria-describedby={describedBy}
            onChange={(event) => onChange(event.target.checked)}
          />
          <span className="wb-toggle-track" aria-hidden="true" />
          <span className="wb-sr">{label}</span>
        </label>
      );
    case "number":
      return mode ? <ExpressionField {...props} /> : <NumberField {...props} />;
    case "text":
      return mode ? <ExpressionField {...props} /> : <TextField {...props} />;
    case "conditions":
      return <ConditionsEditor item={widget.item} steps={steps} value={value} onChange={onChange} mode={mode} />;
    case "list":
      return <ListEditor item={widget.item} steps={steps} value={value} onChange={onChange} label={label} mode={mode} />;
    case "map":
      return <MapEditor schema={widget.value} steps={steps} value={value} onChange={onChange} label={label} mode={mode} />;
    case "group":
    case "object":
      if (shape.nullable && (value === null || value === undefined)) {
        return readOnly ? (
          <span className="wb-none">–</span>
        ) : (
          <AddButton label={label} onClick={() => onChange(blank(shape.schema, root))} />
        );
      }
      if (widget.kind === "group") return <GroupEditor shape={shape} leaf={widget.leaf} steps={steps} value={value} onChange={onChange} />;
      return <ObjectFields shape={shape} steps={steps} value={value} onChange={onChange} mode={mode} />;
    case "choice":
      return <ChoiceField choices={widget.choices} steps={steps} value={value} onChange={onChange} label={label} id={id} />;
    default:
      if (mode || siblings === EVERYTHING_IS_TEXT) return <ExpressionField {...props} />;
      return <JsonField value={value} label={label} readOnly={readOnly} onChange={onChange} {...(describedBy ? { describedBy } : {})} />;
  }
}

/** Stands for "no object around": rows of lists and maps without a mode are one-line literals, not JSON boxes. */
export const EVERYTHING_IS_TEXT: Record<string, unknown> = {};

/** The shape of a row inside a list or map, which reads expressions as its list does. */
export function innerShape(schema: Record<string, unknown>, root: Record<string, unknown>, mode: ExpressionMode | null, name = ""): Shape {
  const shape = shapeOf(schema, root, name);
  return shape.mode || mode !== "template" ? shape : { ...shape, mode };
}

function useProblem(steps: readonly Step[]) {
  const { problems } = useForm();
  const found = problemsUnder(problems, steps);
  const first = found.find((problem) => typeof problem.position === "number") ?? found[0];
  return first ? { message: first.message, position: first.position ?? null } : null;
}

/** What an expression in a secret field sees: the secrets too. */
function withSecrets(hints: ScopeHints | undefined, secrets: readonly { name: string; description: string | null }[]): ScopeHints | undefined {
  if (!hints || !secrets.length) return hints;
  const fields = secrets.map(({ name, description }) => ({ name, kind: "field" as const, ...(description ? { doc: description } : {}) }));
  return { ...hints, names: [...hints.names, { name: "secrets", kind: "scope", fields }] };
}

/** Characters of text beside which a tag still has room. */
const TAG_ROOM = 12;

/** Text that may hold an expression, for any type: numbers stay numbers, JSON stays JSON, `{{ … }}` is an expression. */
function ExpressionField({
  shape,
  steps,
  value,
  isDefault,
  required,
  onChange,
  label,
  describedBy,
  asExpression,
  placeholder,
}: ValueFieldProps) {
  const { hints: around, readOnly } = useForm();
  const secrets = useSecrets(shape.schema["x-secret"] !== undefined);
  const hints = useMemo(() => withSecrets(around, secrets), [around, secrets]);
  const error = useProblem(steps);
  const always = shape.mode === "expression" || shape.mode === "deferred";
  const kind = asExpression ? "text" : shape.widget.kind;
  const read = (text: string): unknown => {
    if (!text && !required) return shape.hasDefault && shape.default === "" ? "" : undefined;
    if (kind === "number" && !always) return parseNumber(text);
    return kind === "any" && !always ? parseLiteral(text) : text;
  };
  const write = (from: unknown): string => {
    if (from === undefined || (from === null && kind !== "any")) return "";
    if (typeof from === "string" && kind !== "any") return from;
    return formatLiteral(from);
  };
  const [text, setText] = useLocalText(isDefault && shape.default === null ? undefined : value, read, write);
  const unit = shape.widget.kind === "number" ? shape.widget.unit : "";
  const tag = kind === "any" && !always ? kindOf(read(text)) : "";
  const long = shape.widget.kind === "text" && shape.widget.multiline;
  return (
    <div className={`wb-input-row${isDefault ? " wb-default" : ""}`}>
      <CodeField
        value={text}
        language={always ? "expression" : "template"}
        label={label}
        singleLine={!long}
        readOnly={readOnly}
        error={error}
        placeholder={
          placeholder ?? (always ? "expression" : shape.nullable || !shape.hasDefault || shape.default === null ? "" : write(shape.default))
        }
        onChange={(next) => {
          setText(next);
          onChange(read(next));
        }}
        {...(hints ? { hints } : {})}
        {...(describedBy ? { describedBy } : {})}
      />
      {unit && !hasExpression(text) && <span className="wb-unit">{inWords(read(text), unit)}</span>}
      {tag && tag !== "text" && tag !== "expression" && text.length <= TAG_ROOM && <span className="wb-unit">{tag}</span>}
    </div>
  );
}

const EXPRESSIONS = { type: "string", "x-expression": "expression" };

/** Code in the language that the field, or a field beside it, names. A mapping is an object of expressions. */
function CodeBox({ shape, steps, siblings, value, onChange, label, describedBy }: ValueFieldProps) {
  const { hints, readOnly } = useForm();
  const error = useProblem(steps);
  if (shape.widget.kind !== "code") return null;
  const { language, languageFrom } = shape.widget;
  const other = languageFrom ? siblings[languageFrom] : undefined;
  const chosen = typeof other === "string" ? other : language;
  const known: CodeLanguage =
    (["expression", "mapping", "sql", "python", "json", "text"] as const).find((name) => name === chosen) ?? "expression";
  if (known === "mapping" && (typeof value !== "string" || !value))
    return <MapEditor schema={EXPRESSIONS} steps={steps} value={value} onChange={onChange} label="fields" mode={null} />;
  if (known === "json" && shape.schema.type !== "string")
    return (
      <JsonField
        value={value ?? undefined}
        label={label}
        readOnly={readOnly}
        onChange={onChange}
        {...(describedBy ? { describedBy } : {})}
      />
    );
  return (
    <CodeField
      value={typeof value === "string" ? value : formatLiteral(value)}
      language={known}
      label={`${label}, ${known}`}
      error={error}
      readOnly={readOnly}
      onChange={onChange}
      {...(hints ? { hints } : {})}
      {...(describedBy ? { describedBy } : {})}
    />
  );
}

/** The fields of a nested object, indented by a line. */
export function ObjectFields({
  shape,
  steps,
  value,
  onChange,
  mode,
}: {
  shape: Shape;
  steps: readonly Step[];
  value: unknown;
  onChange(value: unknown): void;
  mode: ExpressionMode | null;
}) {
  const { root } = useForm();
  const object = value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
  const fields = fieldsOf(shape.schema, root);
  const shown = fields.filter((field) => field.name in object || applies(field, object, fields));
  return (
    <div className="wb-object" role="group" aria-label={shape.title}>
      {shown.map((field) => (
        <FieldRow
          key={formatPath([...steps, field.name])}
          field={field.mode || mode !== "template" ? field : { ...field, mode }}
          steps={[...steps, field.name]}
          siblings={object}
          value={object[field.name]}
          unused={!applies(field, object, fields)}
          onChange={(next) => {
            const copy = { ...object };
            if (next === undefined) delete copy[field.name];
            else copy[field.name] = next;
            onChange(copy);
          }}
        />
      ))}
    </div>
  );
}
