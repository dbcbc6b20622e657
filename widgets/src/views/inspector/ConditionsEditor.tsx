/** Conditions one under the other, each joined to those above it. */

import { blank } from "../../core/inspector/blank";
import type { Step } from "../../core/inspector/paths";
import { fieldsOf } from "../../core/inspector/schema";
import type { ExpressionMode, JsonSchema } from "../../core/inspector/types";
import { ConditionRow } from "./ConditionRow";
import { useForm } from "./formContext";
import { AddButton, useRows } from "./ListEditor";
import { innerShape } from "./ValueField";

export interface ConditionsEditorProps {
  item: JsonSchema;
  steps: readonly Step[];
  value: unknown;
  onChange(value: unknown): void;
  mode: ExpressionMode | null;
}

export function ConditionsEditor({ item, steps, value, onChange, mode }: ConditionsEditorProps) {
  const { root, readOnly } = useForm();
  const fields = fieldsOf(innerShape(item, root, mode).schema, root);
  const { rows, keys, set, add, remove, move } = useRows(value, onChange, () => blank(item, root));
  return (
    <div className="wb-list">
      {rows.map((row, index) => (
        <ConditionRow
          key={keys[index]}
          fields={fields}
          steps={[...steps, index]}
          row={row}
          mode={mode}
          tools={{ index, count: rows.length, noun: "condition", readOnly, onMove: (to) => move(index, to), onRemove: () => remove(index) }}
          onChange={(next) => set(index, next)}
        />
      ))}
      {!readOnly && <AddButton label="Conditions" onClick={add} />}
    </div>
  );
}
