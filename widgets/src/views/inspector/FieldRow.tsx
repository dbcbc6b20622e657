/** One field of a form: its label, marks and buttons, what draws its value, and what is wrong with it. */

import { useRef, useState, type MouseEvent } from "react";
import { hasExpression } from "../../core/inspector/literal";
import { formatPath, type Step } from "../../core/inspector/paths";
import { problemsAt, problemsUnder } from "../../core/inspector/problems";
import { type Field, type Shape } from "../../core/inspector/schema";
import { useForm } from "./formContext";
import { IconButton } from "./parts";
import { ProblemLines } from "./ProblemLines";
import { Prose } from "./Prose";
import { SecretButton, SecretMenu } from "./SecretPicker";
import { ValueField } from "./ValueField";

export interface FieldRowProps {
  field: Field;
  steps: readonly Step[];
  /** The object that the field is in. */
  siblings: Record<string, unknown>;
  value: unknown;
  /** Set, but with no say while its neighbours are as they are. */
  unused?: boolean;
  /** `undefined` takes the key away, so that the default holds. */
  onChange(value: unknown): void;
}

/** Kinds whose own widget cannot hold an expression: these get a switch. */
export function canSwitch(shape: Shape): boolean {
  if (shape.mode !== "template") return false;
  return ["select", "toggle", "list", "conditions", "group", "object", "map", "choice"].includes(shape.widget.kind);
}

/** A code editor is no form control that a label could point at. */
function focusEditor(event: MouseEvent<HTMLElement>) {
  event.currentTarget
    .closest(".wb-field")
    ?.querySelector<HTMLElement>(":scope > .wb-code .cm-content, :scope > .wb-input-row .cm-content")
    ?.focus();
}

const CONTAINERS = new Set(["list", "conditions", "group", "object", "map", "choice"]);

export function FieldRow({ field, steps, siblings, value, unused = false, onChange }: FieldRowProps) {
  const { problems, readOnly, idBase, onFix } = useForm();
  const [asExpression, setAsExpression] = useState(hasExpression(value));
  const [picking, setPicking] = useState(false);
  const row = useRef<HTMLElement>(null);
  /** Back to the button that opened it: what had the focus goes away. */
  const endPicking = () => {
    setPicking(false);
    row.current?.querySelector<HTMLElement>("[data-testid=secret-open]")?.focus();
  };
  const container = CONTAINERS.has(field.widget.kind) && !asExpression;
  const mine = container ? problemsAt(problems, steps) : problemsUnder(problems, steps);
  const id = `${idBase}-${formatPath(steps)}`;
  const problemsId = `${id}-problems`;
  const isSet = value !== undefined;
  const switchable = canSwitch(field);
  const inline = field.widget.kind === "toggle" && !asExpression;
  const shown = isSet ? value : field.hasDefault ? field.default : undefined;
  return (
    <section
      ref={row}
      className={`wb-field${inline ? " wb-field-inline" : ""}${unused ? " wb-unused" : ""}${mine.some((p) => p.severity === "error") ? " wb-field-invalid" : ""}`}
      data-field={formatPath(steps)}
    >
      <div className="wb-field-head">
        <label className="wb-label" htmlFor={id} id={`${id}-label`} title={field.description || field.name} onClick={focusEditor}>
          {field.title}
          {unused && <span className="wb-aside"> · not used now</span>}
          {field.required && (
            <span className="wb-required" title="Required">
              *<span className="wb-sr"> required</span>
            </span>
          )}
        </label>
        <span className="wb-field-tools">
          {switchable && !readOnly && (
            <button
              type="button"
              className="wb-fx"
              aria-pressed={asExpression}
              title={asExpression ? "Use the form" : "Use an expression"}
              onClick={() => {
                setAsExpression(!asExpression);
                if (asExpression && typeof value === "string") onChange(undefined);
              }}
            >
              ƒ
            </button>
          )}
          {field.schema["x-secret"] === true && !readOnly && <SecretButton label={field.title} open={picking} onToggle={() => setPicking(!picking)} />}
          {isSet && !field.required && !readOnly && (
            <IconButton
              icon="reset"
              label={field.hasDefault && field.default !== null ? `Reset to ${short(field.default)}` : "Clear"}
              onClick={() => onChange(undefined)}
              className="wb-quiet"
            />
          )}
        </span>
      </div>
      {picking && (
        <SecretMenu
          onClose={endPicking}
          onPick={(text) => {
            endPicking();
            onChange(text);
          }}
        />
      )}
      <ValueField
        shape={field}
        steps={steps}
        siblings={siblings}
        value={shown}
        isDefault={!isSet}
        asExpression={asExpression}
        required={field.required}
        onChange={onChange}
        id={id}
        label={field.title}
        {...(mine.length ? { describedBy: problemsId } : {})}
      />
      {field.description && (
        <p className="wb-help" title={field.description}>
          <Prose text={field.description} />
        </p>
      )}
      <ProblemLines problems={mine} id={problemsId} onFix={onFix} />
    </section>
  );
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value || "empty" : (JSON.stringify(value) ?? "");
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
