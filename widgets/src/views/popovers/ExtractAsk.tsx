/** Before an extraction: the new function's name, and which ports were found for it. */

import { useMemo, useState } from "react";
import { extract, extractionOf } from "../../core/extracting";
import { blockById } from "../../core/flow";
import { useCanvas, useSession } from "../session";
import { Popover, Row, type Place } from "./Popover";

export function ExtractAsk({ at, onClose }: { at: Place; onClose: () => void }) {
  const session = useSession();
  const flow = useCanvas((s) => s.flow);
  const chosen = useCanvas((s) => s.selectedBlocks);
  const plan = useMemo(() => extractionOf(session), [session, flow, chosen]);
  const [name, setName] = useState(() => (chosen.size === 1 ? (blockById(flow, [...chosen][0]!)?.name ?? "") : `part of ${session.store.get().fn?.name ?? "it"}`).slice(0, 200));
  const canGo = !("problem" in plan) && name.trim() !== "";
  const go = () => {
    if (!canGo) return;
    onClose();
    void extract(session, name.trim());
  };
  const named = (names: readonly string[], none: string) => (names.length ? names.map((n) => <code key={n} className="wbc-port-name">{n}</code>) : <span className="wbc-quiet">{none}</span>);
  return (
    <Popover at={at} label="Extract to a subflow" testId="extract" width={320} onClose={onClose} onSubmit={go}>
      <div className="wbc-pop-body">
        {"problem" in plan ? (
          <p className="wbc-pop-help wbc-tone-failed" role="alert" data-testid="extract-problem">
            {plan.problem}
          </p>
        ) : (
          <>
            <Row label="Name">
              <input className="wbc-field" data-autofocus="" value={name} maxLength={200} aria-label="Name of the new function" data-testid="extract-name" onChange={(event) => setName(event.target.value)} onFocus={(event) => event.target.select()} />
            </Row>
            <Row label="Takes">
              <span className="wbc-port-names" data-testid="extract-inputs">{named(plan.inputs, "nothing from outside")}</span>
            </Row>
            <Row label="Gives">
              <span className="wbc-port-names" data-testid="extract-outputs">{named(plan.outputs, "nothing that is read outside")}</span>
            </Row>
          </>
        )}
      </div>
      <div className="wbc-pop-foot">
        <button type="button" className="wbc-button" onClick={onClose}>
          Cancel
        </button>
        {!("problem" in plan) && (
          <button type="button" className="wbc-button wbc-button-primary" disabled={!canGo} data-testid="extract-go" onClick={go}>
            Extract
          </button>
        )}
      </div>
    </Popover>
  );
}
