/** Beside the overlay: what differs between two versions, block by block and field by field, and the way back to either. */

import { blockById } from "../../core/flow";
import { countWords, MARKS, type Comparison, type Mark } from "../../core/compare";
import type { Diff } from "../../core/wire";
import { IconButton } from "../inspector/parts";
import { useCanvas, useSession } from "../session";
import { FieldChange } from "./FieldChange";

export function ComparisonDetail({ comparison }: { comparison: Comparison }) {
  const session = useSession();
  const now = useCanvas((s) => s.fn?.version ?? 0);
  const { from, to, diff } = comparison;
  const isNow = to === now;
  return (
    <>
      <header className="wb-inspector-head">
        <div className="wb-inspector-title">
          <IconButton icon="left" label="Back to the history (Esc)" testId="comparison-back" onClick={() => session.history.close()} />
          <h2 className="wbc-fn-name">What differs</h2>
        </div>
        <div className="wbc-versions-row">
          <VersionField label="from version" value={from} most={now} onChange={(version) => void session.history.compare(version, to)} />
          <span aria-hidden="true">→</span>
          <VersionField label="to version" value={to} most={now} onChange={(version) => void session.history.compare(from, version)} />
          <span className="wbc-space" />
          {!isNow && (
            <button type="button" className="wb-text-button" data-testid="compare-now" title={`Compare v${from} with the newest version`} onClick={() => void session.history.compare(from, now)}>
              with now
            </button>
          )}
        </div>
        <div className="wbc-versions-row">
          {[...new Set([from, to])].filter((version) => version !== now && version > 0).map((version) => (
            <button key={version} type="button" className="wbc-button" data-testid={`restore-${version}`} title={`Make version ${version} the newest one; undo takes that back`} onClick={() => void session.history.restore(version)}>
              Restore v{version}
            </button>
          ))}
        </div>
      </header>
      <div className="wb-inspector-body wbc-history-body" data-testid="field-diff">
        <p className="wbc-quiet wbc-diff-count">{sentence(countWords(diff))}</p>
        <Blocks diff={diff} onPick={(id) => comparison.session.select([id])} />
        <Rest diff={diff} nameOf={(id) => blockById(comparison.session.store.get().flow, id)?.name ?? id} />
      </div>
    </>
  );
}

function sentence(words: string): string {
  return words[0]!.toUpperCase() + words.slice(1);
}

function VersionField({ label, value, most, onChange }: { label: string; value: number; most: number; onChange: (version: number) => void }) {
  return (
    <label className="wbc-version-field">
      v
      <input
        key={value}
        type="number"
        className="wbc-field"
        min={1}
        max={most}
        defaultValue={value}
        aria-label={label}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
        }}
        onBlur={(event) => {
          const wanted = Math.min(most, Math.max(1, Number.parseInt(event.target.value, 10) || value));
          if (wanted !== value) onChange(wanted);
        }}
      />
    </label>
  );
}

function Blocks({ diff, onPick }: { diff: Diff; onPick: (id: string) => void }) {
  const { added, removed, changed, moved } = diff.blocks;
  const both = new Set(changed.map((b) => b.id));
  const rows: { mark: Mark; id: string; name: string; fields: Diff["blocks"]["changed"][number]["fields"]; also?: string }[] = [
    ...added.map((b) => ({ mark: "added" as const, id: b.id, name: b.name, fields: [] })),
    ...removed.map((b) => ({ mark: "removed" as const, id: b.id, name: b.name, fields: [] })),
    ...changed.map((b) => ({ mark: "changed" as const, id: b.id, name: b.name, fields: b.fields, ...(moved.some((m) => m.id === b.id) ? { also: "and moved" } : {}) })),
    ...moved.filter((b) => !both.has(b.id)).map((b) => ({ mark: "moved" as const, id: b.id, name: b.name, fields: [] })),
  ];
  return (
    <>
      {rows.map(({ mark, id, name, fields, also }) => (
        <section key={`${mark} ${id}`} className="wbc-diff" data-testid="diff-block" data-mark={mark}>
          <button type="button" className="wbc-diff-head" title="Show it on the canvas" onClick={() => onPick(id)}>
            <Sign mark={mark} />
            <strong>{name}</strong>
            <span className="wbc-quiet">{also ? `${MARKS[mark].word} ${also}` : MARKS[mark].word}</span>
          </button>
          {fields.map((field) => (
            <FieldChange key={field.field} field={field} />
          ))}
        </section>
      ))}
    </>
  );
}

function Rest({ diff, nameOf }: { diff: Diff; nameOf: (blockId: string) => string }) {
  const { edges, variables, layout } = diff;
  const wire = (e: { source: string; target: string }) => `${nameOf(e.source)} → ${nameOf(e.target)}`;
  const wires: [Mark, string][] = [
    ...edges.added.map((e): [Mark, string] => ["added", wire(e)]),
    ...edges.removed.map((e): [Mark, string] => ["removed", wire(e)]),
    ...edges.changed.map((e): [Mark, string] => ["changed", `${wire(e.before)} is now ${wire(e.after)}`]),
  ];
  return (
    <>
      {wires.length > 0 && (
        <section className="wbc-diff">
          <h3 className="wb-heading">Wires</h3>
          <ul className="wbc-diff-wires">
            {wires.map(([mark, words]) => (
              <li key={`${mark} ${words}`}>
                <Sign mark={mark} /> {words}
              </li>
            ))}
          </ul>
        </section>
      )}
      {[["Variables", variables], ["Function", diff.function]].map(([title, values]) =>
        (values as Diff["variables"]).length ? (
          <section key={title as string} className="wbc-diff">
            <h3 className="wb-heading">{title as string}</h3>
            {(values as Diff["variables"]).map((value) => (
              <FieldChange key={value.name} field={{ field: value.name, before: value.before, after: value.after, lines: null }} />
            ))}
          </section>
        ) : null,
      )}
      {layout.length > 0 && (
        <section className="wbc-diff">
          <h3 className="wb-heading">Layout</h3>
          <p className="wb-help">{sentence(layout.join(" and "))} changed.</p>
        </section>
      )}
    </>
  );
}

function Sign({ mark }: { mark: Mark }) {
  return (
    <span className={`wbc-diff-sign wbc-sign-${mark}`} role="img" aria-label={MARKS[mark].word}>
      {MARKS[mark].sign}
    </span>
  );
}
