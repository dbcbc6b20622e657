/** The breakpoint of one block: whether, when, on what condition, from which hit on, and whether it only logs. */

import { useMemo, useState } from "react";
import { draftOf, draftProblem, nextDraft, pointOf, tabOf, withPoints, type BreakpointDraft } from "../../core/breakpoints";
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
  const known = session.store.get().breakpoints.filter((b) => b.blockId === blockId);
  const [drafts, setDrafts] = useState<readonly BreakpointDraft[]>(() => (known.length ? known.map(draftOf) : [draftOf(null)]));
  const [chosen, setChosen] = useState(0);
  const draft = drafts[chosen]!;
  const scope = useHints(blockId);
  const hints = useMemo(() => {
    if (!scope || draft.when === "before" || !block) return scope;
    return { ...scope, names: [...scope.names, { name: handleOf(block.name), kind: "block" as const, detail: "its own output" }] };
  }, [scope, draft.when, block]);
  if (!block) return null;
  const wrong = draftProblem(draft);
  const isWrong = drafts.some((d) => draftProblem(d) !== null);
  const set = (more: Partial<BreakpointDraft>) => setDrafts(drafts.map((d, i) => (i === chosen ? { ...d, ...more } : d)));
  const put = (its: readonly BreakpointDraft[]) =>
    void session.running.setBreakpoints(withPoints(session.store.get().breakpoints, blockId, its.map((d) => pointOf(blockId, d))));
  const save = () => {
    if (isWrong) return;
    put(drafts);
    onClose();
  };
  const add = () => {
    setDrafts([...drafts, nextDraft(drafts)]);
    setChosen(drafts.length);
  };
  const remove = () => {
    const left = drafts.filter((_, i) => i !== chosen);
    if (left.length) {
      setDrafts(left);
      setChosen(Math.min(chosen, left.length - 1));
      return;
    }
    put([]);
    onClose();
  };
  return (
    <Popover at={at} label={`Breakpoint of “${block.name}”`} testId="breakpoint-editor" width={320} onClose={onClose} onSubmit={save}>
      <div className="wbc-pop-tabs" role="tablist" aria-label="Breakpoints of this block">
        {drafts.map((d, i) => (
          <button key={i} type="button" role="tab" aria-selected={i === chosen} className={`wbc-pop-tab${i === chosen ? " wbc-on" : ""}`} data-testid="breakpoint-tab" onClick={() => setChosen(i)}>
            {tabOf(d)}
          </button>
        ))}
        <button type="button" className="wbc-pop-tab" title="One more breakpoint on this block" aria-label="One more breakpoint" data-testid="breakpoint-add" onClick={add}>
          +
        </button>
      </div>
      <div className="wbc-pop-body" key={chosen}>
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
        {(known.length > 0 || drafts.length > 1) && (
          <button type="button" className="wbc-button" data-testid="breakpoint-remove" onClick={remove}>
            Remove
          </button>
        )}
        <span className="wbc-space" />
        <button type="button" className="wbc-button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="wbc-button wbc-button-primary" disabled={isWrong} data-testid="breakpoint-save" onClick={save}>
          Save
        </button>
      </div>
    </Popover>
  );
}
