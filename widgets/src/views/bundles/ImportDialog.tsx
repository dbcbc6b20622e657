/** Import: choose or drop a file, see as a table what would happen, change it item by item, then all or nothing. */

import { Upload } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { ApiError } from "../../core/api";
import { ACTIONS, countedWords, differenceWords, readBundle, type Bundle } from "../../core/bundles";
import type { ImportItem, ImportPreview, ImportStrategy } from "../../core/wire";
import { wordsOfProblem } from "../../core/running";
import { FieldChange } from "../history/FieldChange";
import { Prose } from "../inspector/Prose";
import { useCanvas, useSession } from "../session";

const STRATEGIES: readonly { id: ImportStrategy; word: string; title: string }[] = [
  { id: "skip", word: "Leave it", title: "What is here already stays as it is" },
  { id: "update", word: "Update it", title: "What is here already becomes as in the bundle; undo takes that back" },
  { id: "create", word: "Make a second", title: "What is here already stays, and a second one is made" },
];

export function ImportDialog({ text, onClose }: { text: string | null; onClose: () => void }) {
  const session = useSession();
  const box = useRef<HTMLDivElement>(null);
  const [given, setGiven] = useState(text);
  const read = given === null ? null : readBundle(given);
  useEffect(() => {
    box.current?.focus({ preventScroll: true });
  }, []);
  const take = (files: FileList | null) => {
    const file = files?.[0];
    if (file) void file.text().then(setGiven, (problem: unknown) => session.running.complain(problem));
  };
  return (
    <div className="wbc-veil" onPointerDown={(event) => event.target === event.currentTarget && onClose()}>
      <div
        ref={box}
        className="wbc-dialog nokey nowheel nodrag nopan"
        role="dialog"
        aria-label="Import"
        aria-modal="true"
        tabIndex={-1}
        data-testid="import"
        data-lm-suppress-shortcuts="true"
        onKeyDown={(event) => {
          if (event.key === "Escape") onClose();
          event.stopPropagation();
        }}
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          event.stopPropagation();
          take(event.dataTransfer.files);
        }}
        onPaste={(event) => {
          event.stopPropagation();
          const pasted = event.clipboardData.getData("text/plain");
          if (pasted) setGiven(pasted);
        }}
      >
        <h3 className="wbc-dialog-head">Import functions</h3>
        {read && "bundle" in read ? (
          <Preview bundle={read.bundle} onClose={onClose} onOther={() => setGiven(null)} />
        ) : (
          <>
            <label className="wbc-drop">
              <Upload size={20} aria-hidden="true" />
              <span>
                <strong>Choose a bundle file</strong>, drop one here, or paste its text
              </span>
              <input type="file" accept=".json,application/json" aria-label="Bundle file" data-testid="import-file" onChange={(event) => take(event.target.files)} />
            </label>
            {read && "problem" in read && (
              <p className="wbc-tone-failed" role="alert" data-testid="import-problem">
                ✕ {read.problem}
              </p>
            )}
            <p className="wb-help">Nothing is written before you have seen what would happen. A bundle is made by Export in the menu, by <code>bench.export(…)</code>, or by the REST API.</p>
          </>
        )}
      </div>
    </div>
  );
}

interface PreviewProps {
  bundle: Bundle;
  onClose: () => void;
  onOther: () => void;
}

function Preview({ bundle, onClose, onOther }: PreviewProps) {
  const session = useSession();
  const canvasId = useCanvas((s) => s.fn?.canvasId ?? null);
  const [strategy, setStrategy] = useState<ImportStrategy>("skip");
  const [overrides, setOverrides] = useState<Record<string, ImportStrategy>>({});
  const [isHere, setHere] = useState(false);
  const [preview, setPreview] = useState<ImportPreview | null>(null);
  const [problem, setProblem] = useState<{ text: string; details: string[] } | null>(null);
  const [busy, setBusy] = useState(false);
  const body = {
    bundle,
    conflictStrategy: strategy,
    overrides: Object.fromEntries(Object.entries(overrides).map(([id, action]) => [id, { action }])),
    ...(isHere && canvasId ? { targetCanvasId: canvasId } : {}),
  };
  const asked = JSON.stringify({ ...body, bundle: null });
  const tell = (cause: unknown) => setProblem({ text: wordsOfProblem(cause).text, details: cause instanceof ApiError ? cause.details.slice(0, 8).map((d) => `${d.field ?? ""}: ${d.issue ?? ""}`) : [] });
  useEffect(() => {
    let left = false;
    setBusy(true);
    session.hub.api.editing.previewImport(body).then(
      (found) => !left && (setPreview(found), setProblem(null), setBusy(false)),
      (cause: unknown) => !left && (tell(cause), setBusy(false)),
    );
    return () => {
      left = true;
    };
    // `asked` says all that the body is made of.
  }, [session, bundle, asked]);
  const go = async () => {
    setBusy(true);
    try {
      await session.document.flush();
      const done = await session.hub.api.editing.importBundle(body);
      onClose();
      session.say(`Imported: ${countedWords(done.counts, "did")}`);
    } catch (cause) {
      tell(cause);
    } finally {
      setBusy(false);
    }
  };
  const writes = preview ? (preview.counts.create ?? 0) + (preview.counts.update ?? 0) : 0;
  const wrong = preview?.counts.error ?? 0;
  return (
    <>
      <div className="wbc-dialog-row" role="radiogroup" aria-label="What is here already">
        <span className="wbc-quiet">What is here already</span>
        <span className="wbc-segments">
          {STRATEGIES.map(({ id, word, title }) => (
            <button key={id} type="button" role="radio" aria-checked={strategy === id} title={title} data-testid={`strategy-${id}`} onClick={() => (setStrategy(id), setOverrides({}))}>
              {word}
            </button>
          ))}
        </span>
        <span className="wbc-space" />
        <label className="wbc-check" title="Else functions go to the canvases that the bundle names">
          <input type="checkbox" checked={isHere} onChange={(event) => setHere(event.target.checked)} /> all into this canvas
        </label>
      </div>
      {problem && (
        <div className="wbc-import-problem" role="alert" data-testid="import-problem">
          <p>✕ {problem.text}</p>
          {problem.details.length > 0 && (
            <ul>
              {problem.details.map((detail) => (
                <li key={detail}>{detail}</li>
              ))}
            </ul>
          )}
        </div>
      )}
      {preview && <Table preview={preview} overrides={overrides} onOverride={(id, action) => setOverrides({ ...overrides, [id]: action })} />}
      {!preview && !problem && <p className="wb-help">Comparing…</p>}
      <footer className="wbc-dialog-foot">
        <span className="wbc-quiet" data-testid="import-counts">{preview && countedWords(preview.counts, "will")}</span>
        <span className="wbc-space" />
        <button type="button" className="wbc-button" onClick={onOther}>
          Other file
        </button>
        <button type="button" className="wbc-button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="wbc-button wbc-button-primary" disabled={busy || !writes || wrong > 0} title={wrong ? "Leave out what cannot be imported first" : undefined} data-testid="import-go" onClick={() => void go()}>
          Import{writes ? ` ${writes}` : ""}
        </button>
      </footer>
    </>
  );
}

interface TableProps {
  preview: ImportPreview;
  overrides: Record<string, ImportStrategy>;
  onOverride: (sourceId: string, action: ImportStrategy) => void;
}

function Table({ preview, overrides, onOverride }: TableProps) {
  return (
    <div className="wbc-import-table" tabIndex={0} role="region" aria-label="What would happen">
      <table>
        <thead>
          <tr>
            <th scope="col">Does</th>
            <th scope="col">Name</th>
            <th scope="col">Differs</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {preview.items.map((item) => (
            <Row key={`${item.kind} ${item.sourceId}`} item={item} isOverridden={item.sourceId in overrides} onOverride={(action) => onOverride(item.sourceId, action)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ item, isOverridden, onOverride }: { item: ImportItem; isOverridden: boolean; onOverride: (action: ImportStrategy) => void }) {
  const { sign, tone } = ACTIONS[item.action];
  const isHere = item.targetId !== null && item.action !== "create";
  return (
    <tr data-testid="import-item" data-action={item.action} data-kind={item.kind}>
      <td>
        <span className={`wbc-diff-sign wbc-sign-${tone}`} aria-hidden="true">
          {sign}
        </span>{" "}
        <select
          className={`wbc-import-act${isOverridden ? " wbc-import-mine" : ""}`}
          value={item.action}
          aria-label={`What to do with ${item.name}`}
          data-testid="import-act"
          onChange={(event) => onOverride(event.target.value as ImportStrategy)}
        >
          {item.action === "error" && <option value="error">cannot</option>}
          <option value="create">create</option>
          {(isHere || item.action === "update") && <option value="update">update</option>}
          <option value="skip">skip</option>
        </select>
      </td>
      <th scope="row">
        {item.name} {item.kind === "canvas" && <span className="wbc-tag">canvas</span>}
      </th>
      <td className="wbc-quiet">{item.action === "update" && <Differences item={item} />}</td>
      <td>
        <span className="wbc-quiet">{item.reason}</span>
        {item.issues.map((issue) => (
          <span key={`${issue.field} ${issue.issue}`} className={`wbc-import-issue${item.action === "error" ? " wbc-tone-failed" : ""}`} title={issue.field} data-testid="import-issue">
            <span aria-hidden="true">{item.action === "error" ? "✕" : "⚠"}</span> <Prose text={issue.issue} />
          </span>
        ))}
      </td>
    </tr>
  );
}

/** How much differs; opened, which fields. */
function Differences({ item }: { item: ImportItem }) {
  const changed = item.diff?.blocks.changed ?? [];
  const words = differenceWords(item);
  if (!changed.length) return words;
  return (
    <details className="wbc-import-diff">
      <summary>{words}</summary>
      {changed.map((block) => (
        <div key={block.id}>
          <strong>{block.name}</strong>
          {block.fields.map((field) => (
            <FieldChange key={field.field} field={field} />
          ))}
        </div>
      ))}
    </details>
  );
}
