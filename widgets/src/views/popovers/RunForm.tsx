/** What a run starts with: a form from the start block's schema, or its JSON. */

import { useState } from "react";
import { firstInputs, missingInputs, type InputsForm } from "../../core/inputs";
import type { JsonSchema } from "../../core/inspector/types";
import type { Json } from "../../core/wire";
import { ConfigForm } from "../inspector/ConfigForm";
import { JsonField } from "../inspector/JsonField";
import { useSession } from "../session";
import { Popover, type Place } from "./Popover";

type Inputs = Record<string, Json>;

export function RunForm({ form, debug, at, onClose }: { form: InputsForm; debug: boolean; at: Place; onClose: () => void }) {
  const session = useSession();
  const [inputs, setInputs] = useState<Inputs>(() => firstInputs(form, session.lastInputs()));
  const hasFields = Object.keys(form.schema.properties ?? {}).length > 0;
  const [asJson, setAsJson] = useState(!hasFields);
  const missing = missingInputs(form, inputs);
  const title = (name: string) => form.schema.properties?.[name]?.title ?? name;
  const start = () => {
    if (missing.length) return;
    onClose();
    session.runWith(inputs, debug);
  };
  return (
    <Popover at={at} label={debug ? "Debug with these inputs" : "Run with these inputs"} testId="run-form" width={360} onClose={onClose} onSubmit={start}>
      <div className="wbc-pop-body" data-autofocus="">
        {asJson ? (
          <JsonField
            value={inputs}
            label="Inputs"
            readOnly={false}
            onChange={(value) => {
              if (typeof value === "object" && value !== null && !Array.isArray(value)) setInputs(value as Inputs);
            }}
          />
        ) : (
          <ConfigForm
            blockId="inputs"
            schema={form.schema as unknown as JsonSchema}
            config={inputs}
            delayMs={0}
            onChange={(value) => setInputs(value as Inputs)}
          />
        )}
        {form.loose && !asJson && <p className="wbc-pop-help">These names stand in the expressions. An input schema on the start block says more.</p>}
        {missing.length > 0 && (
          <p className="wbc-pop-help" data-testid="run-form-missing">
            Still needed: {missing.map(title).join(", ")}
          </p>
        )}
      </div>
      <div className="wbc-pop-foot">
        {hasFields && (
          <button type="button" className="wbc-button" aria-pressed={asJson} data-testid="run-form-json" onClick={() => setAsJson(!asJson)}>
            {asJson ? "As a form" : "As JSON"}
          </button>
        )}
        <span className="wbc-space" />
        <button type="button" className="wbc-button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="wbc-button wbc-button-primary" disabled={missing.length > 0} data-testid="run-form-start" title="Ctrl+Enter" onClick={start}>
          {debug ? "Debug" : "Run"}
        </button>
      </div>
    </Popover>
  );
}
