/** Under which name a value goes into the notebook's kernel. */

import { useState } from "react";
import { isName } from "../../core/kernel";
import type { KernelValue } from "../../core/state";
import { useSession } from "../session";
import { Popover, Row, type Place } from "./Popover";

export function KernelAsk({ value, at, onClose }: { value: KernelValue; at: Place; onClose: () => void }) {
  const session = useSession();
  const [name, setName] = useState(value.name);
  const fits = isName(name.trim());
  const bring = () => {
    if (!fits) return;
    onClose();
    void session.kernel.bring(value, name.trim());
  };
  return (
    <Popover at={at} label="Bring to the kernel" testId="kernel-ask" width={260} onClose={onClose} onSubmit={bring}>
      <div className="wbc-pop-body">
        <Row label="As the variable" help={fits || !name.trim() ? "The whole value: tables come as polars frames." : "Letters, digits and _ only, and no word of Python's own."}>
          <div data-autofocus="">
            <input
              className="wbc-field wbc-field-code"
              value={name}
              aria-label="Variable"
              aria-invalid={!fits}
              spellCheck={false}
              data-testid="kernel-name"
              onFocus={(event) => event.target.select()}
              onChange={(event) => setName(event.target.value)}
            />
          </div>
        </Row>
      </div>
      <div className="wbc-pop-foot">
        <span className="wbc-space" />
        <button type="button" className="wbc-button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="wbc-button wbc-button-primary" disabled={!fits} data-testid="kernel-bring" onClick={bring}>
          Bring
        </button>
      </div>
    </Popover>
  );
}
