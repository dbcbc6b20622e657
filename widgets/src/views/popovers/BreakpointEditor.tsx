/** The breakpoint of one block: whether, when, on what condition, from which hit on, and whether it only logs. */

import { useMemo, useState } from "react";
import { draftOf, draftProblem, pointOf, withPoint } from "../../core/breakpoints";
import { blockById, handleOf } from "../../core/flow";
import { breakpointProblem } from "../../core/state";
import { CodeField } from "../inspector/CodeField";
import { useCanvas, useSession } from "../session";
import { useHints } from "../useHints";
import { Popover, Row, type Place } from "./Popover";

export function BreakpointEditor({ blockId, at, onClose }: { blockId: string; at: Place; onClose: () => void }) {
  const session = useSession();
  const block = useCanvas((s) => blockById(s.flow, blockId));
  const problem = useCanvas((s) => breakpointProblem(s, blockId));
  const known = session.store.get().breakpoints.find((b) => b.blockId === blockId) ?? null;
  const [draft, setDraft] = useState(() => draftOf(known));
  const scope = useHints(blockId);
  const hints = useMemo(() => {
    if (!scope || draft.when === "before" || !block) return scope;
    return { ...scope, names: [...scope.names, { name: handleOf(block.name), kind: "block" as const, detail: "its own output" }] };
  }, [scope, draft.when, block]);
  if (!block) return null;
  const wrong = draftProblem(draft);
  const set = (more: Partial<typeof draft>) => setDraft({ ...draft, ...more });
  const save = () => {
    if (wrong) return;
    void session.running.setBreakpoints(withPoint(session.store.get().breakpoints, pointOf(blockId, draft)));
    onClose();
  };
  const remove = () => {
    void session.running.setBreakpoints(session.store.get().breakpoints.filter((b) => b.blockId !== blockId));
    onClose();
  };
  return (
    <Popover at={at} label={`Breakpoint of “${block.name}”`} testId="breakpoint-editor" width={320} onClose={onClose} onSubmit={save}>
      <div className="wbc-pop-body">
        {problem && (
          <p className="wbc-pop-problem" role="alert" data-testid="breakpoint-problem">
            <span aria-hidden="true">✕</span> Its expression failed: {problem}
          </p>
        )}
        <div className="wbc-pop-line">
          <label className="wbc-check">
            <input type="checkbox" checked={draft.enabled} data-testid="breakpoint-enabled" onChange={(e) => set({ enabled: e.target.checked })} /> On
          </label>
          <span className="wbc-segments" role="radiogroup" aria-label="When">
            {(["before", "after"] as const).map((when) => (
              <label key={when} className={draft.when === when ? "wbc-on" : ""}>
                <input type="radio" name={`when-${blockId}`} checked={draft.when === when} data-testid={`breakpoint-${when}`} onChange={() => set({ when })} />
                {when} the block
              </label>
            ))}
          </span>
        </div>
        <Row label="Condition">
          <div data-autofocus="" data-testid="breakpoint-condition">
            <CodeField
              value={draft.condition}
              language="expression"
              label="Condition"
              singleLine
              placeholder="such as item.worst > 120"
              {...(hints ? { hints } : {})}
              onChange={(condition) => set({ condition })}
              onEnter={save}
            />
          </div>
        </Row>
        <Row label="From hit" {...(wrong ? {} : { help: "counts the times that the condition held" })}>
          <input
            className="wbc-field wbc-field-short"
            inputMode="numeric"
            value={draft.hitCount}
            placeholder="1"
            aria-label="From hit"
            aria-invalid={wrong !== null}
            data-testid="breakpoint-hits"
            onChange={(e) => set({ hitCount: e.target.value })}
          />
          {wrong && <span className="wbc-pop-help wbc-tone-failed">{wrong}</span>}
        </Row>
        <Row label="Log instead of pausing">
          <div data-testid="breakpoint-log">
            <CodeField
              value={draft.logMessage}
              language="template"
              label="Log message"
              singleLine
              placeholder="such as at {{ item.origin }}"
              {...(hints ? { hints } : {})}
              onChange={(logMessage) => set({ logMessage })}
              onEnter={save}
            />
          </div>
        </Row>
      </div>
      <div className="wbc-pop-foot">
        {known && (
          <button type="button" className="wbc-button" data-testid="breakpoint-remove" onClick={remove}>
            Remove
          </button>
        )}
        <span className="wbc-space" />
        <button type="button" className="wbc-button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="wbc-button wbc-button-primary" disabled={wrong !== null} data-testid="breakpoint-save" onClick={save}>
          Save
        </button>
      </div>
    </Popover>
  );
}
