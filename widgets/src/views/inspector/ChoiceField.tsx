/** An object of one of several shapes: choose the shape, then its fields. */

import { blank, choiceIndex } from "../../core/inspector/blank";
import type { Step } from "../../core/inspector/paths";
import { shapeOf } from "../../core/inspector/schema";
import type { JsonSchema } from "../../core/inspector/types";
import { useForm } from "./formContext";
import { SelectField } from "./SelectField";
import { ObjectFields } from "./ValueField";

export interface ChoiceFieldProps {
  choices: readonly { label: string; schema: JsonSchema }[];
  steps: readonly Step[];
  value: unknown;
  onChange(value: unknown): void;
  label: string;
  id: string;
}

export function ChoiceField({ choices, steps, value, onChange, label, id }: ChoiceFieldProps) {
  const { root, readOnly } = useForm();
  const set = value !== undefined && value !== null;
  const index = set ? choiceIndex(choices, value, root) : -1;
  const choice = choices[index];
  return (
    <>
      <SelectField
        id={id}
        label={label}
        options={choices.map((option, at) => ({ value: at, label: option.label }))}
        value={set ? index : undefined}
        readOnly={readOnly}
        nullable={!set}
        onChange={(next) => onChange(typeof next === "number" ? blank(choices[next]!.schema, root) : undefined)}
      />
      {choice && <ObjectFields shape={shapeOf(choice.schema, root)} steps={steps} value={value} onChange={onChange} mode={null} />}
    </>
  );
}
