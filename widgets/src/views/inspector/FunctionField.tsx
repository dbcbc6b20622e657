/** A function, chosen by its name. */

import { use, useEffect, useState } from "react";
import { ReferencesContext } from "./formContext";
import { SelectField } from "./SelectField";

interface FunctionFieldProps {
  id: string;
  label: string;
  value: unknown;
  readOnly: boolean;
  onChange(value: unknown): void;
  describedBy?: string;
}

type Known = readonly { id: string; name: string; version: number }[];

export function FunctionField({ value, readOnly, ...rest }: FunctionFieldProps) {
  const references = use(ReferencesContext);
  const [known, setKnown] = useState<Known | null>(null);
  useEffect(() => {
    let left = false;
    references?.functions().then((found) => !left && setKnown(found), () => !left && setKnown([]));
    return () => {
      left = true;
    };
  }, [references]);
  const isSet = typeof value === "string" && value !== "";
  const options = (known ?? []).map((fn) => ({ value: fn.id, label: fn.name }));
  const isKnown = options.some((option) => option.value === value);
  if (isSet && !isKnown) options.unshift({ value, label: known ? `Unknown function ${value.slice(0, 8)}…` : "…" });
  return (
    <div className="wb-input-row wb-function" data-testid="function-picker">
      <SelectField {...rest} options={options} value={isSet ? value : undefined} readOnly={readOnly} compact />
      {isSet && isKnown && references && (
        <button type="button" className="wb-text-button" title="Look into the function that is called" onClick={() => references.openFunction()}>
          Open
        </button>
      )}
      {known?.length === 0 && <p className="wb-help">There is no other function yet.</p>}
    </div>
  );
}
