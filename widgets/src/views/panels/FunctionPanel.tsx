/** The inspector while no block is chosen: the function, what it takes, its variables, and its last runs. */

import { useEffect, useState } from "react";
import { formatMs, hasEnded, runLook, runWord } from "../../core/format";
import { isPersonal } from "../../core/history";
import { inputsOfFlow } from "../../core/inputs";
import { formatLiteral, kindOf, parseLiteral } from "../../core/inspector/literal";
import { clockTime } from "../../core/when";
import type { Json, Run } from "../../core/wire";
import { IconButton } from "../inspector/parts";
import { Sign } from "../Sign";
import { useCanvas, useSession } from "../session";

export function FunctionPanel({ onLeave }: { onLeave: () => void }) {
  const session = useSession();
  const fn = useCanvas((s) => s.fn);
  const flow = useCanvas((s) => s.flow);
  if (!fn) return null;
  const form = inputsOfFlow(flow);
  const close = () => {
    session.closeInspector();
    onLeave();
  };
  return (
    <aside
      className="wb-inspector nokey nowheel nodrag nopan"
      aria-label="Function"
      data-testid="function-panel"
      data-lm-suppress-shortcuts="true"
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.stopPropagation();
        (event.target as HTMLElement).blur();
        close();
      }}
    >
      <header className="wb-inspector-head">
        <div className="wb-inspector-title">
          <h2 className="wbc-fn-name" title={fn.name}>
            {fn.name}
          </h2>
          <IconButton icon="cross" label="Close the panel (Esc)" onClick={close} />
        </div>
        <div className="wb-inspector-sub">
          <span>{fn.status}</span>
          <span>version {fn.version}</span>
          {isPersonal(fn.updatedBy) && <span>by {fn.updatedBy}</span>}
        </div>
      </header>
      <div className="wb-inspector-body wbc-fn-body">
        <Description key={fn.id} text={fn.description ?? ""} />
        <section aria-label="Inputs">
          <h3 className="wb-heading">Inputs</h3>
          {!form && <p className="wb-help">A run takes no inputs. An input schema on the start block gives it some.</p>}
          {form && (
            <ul className="wbc-fn-list">
              {Object.entries(form.schema.properties ?? {}).map(([name, field]) => (
                <li key={name} title={field.description ?? ""}>
                  <code>{name}</code>
                  <span className="wbc-quiet">
                    {[field.type, form.schema.required?.includes(name) ? "needed" : "", field.default === undefined ? "" : `else ${formatLiteral(field.default)}`].filter(Boolean).join(", ")}
                  </span>
                </li>
              ))}
            </ul>
          )}
        </section>
        <Variables />
        <Runs />
      </div>
    </aside>
  );
}

function Description({ text }: { text: string }) {
  const session = useSession();
  const [draft, setDraft] = useState<string | null>(null);
  const save = () => {
    if (draft !== null && draft.trim() !== text) session.describe(draft.trim());
    setDraft(null);
  };
  return (
    <textarea
      className="wbc-field wbc-fn-description"
      value={draft ?? text}
      rows={Math.min(6, Math.max(2, Math.ceil((draft ?? text).length / 42)))}
      placeholder="What this function is for"
      aria-label="Description"
      data-testid="function-description"
      onChange={(event) => setDraft(event.target.value)}
      onBlur={save}
      onKeyDown={(event) => {
        if (event.key !== "Escape") event.stopPropagation();
      }}
    />
  );
}

/** Names and first values; a row is saved when it is left. */
function Variables() {
  const session = useSession();
  const variables = useCanvas((s) => s.flow.variables);
  const [fresh, setFresh] = useState(false);
  const put = (next: [string, Json][]) => session.edit([{ type: "SET_VARIABLES", variables: Object.fromEntries(next) }]);
  const rows = Object.entries(variables);
  const taken = (name: string, but: number) => rows.some(([other], i) => other === name && i !== but);
  return (
    <section aria-label="Variables" data-testid="variables">
      <div className="wbc-fn-head">
        <h3 className="wb-heading">Variables</h3>
        <IconButton icon="plus" label="Add a variable" testId="variable-add" onClick={() => setFresh(true)} />
      </div>
      {!rows.length && !fresh && <p className="wb-help">None yet. Expressions read them as vars.name; the block “Set variables” changes them in a run.</p>}
      {rows.map(([name, value], at) => (
        <VariableRow
          key={name}
          name={name}
          value={value}
          isTaken={(wanted) => taken(wanted, at)}
          onChange={(to, now) => put(rows.map((row, i) => (i === at ? [to, now] : row)))}
          onRemove={() => put(rows.filter((_, i) => i !== at))}
        />
      ))}
      {fresh && (
        <VariableRow
          name=""
          value=""
          isTaken={(wanted) => taken(wanted, -1)}
          onChange={(name, value) => {
            put([...rows, [name, value]]);
            setFresh(false);
          }}
          onRemove={() => setFresh(false)}
        />
      )}
    </section>
  );
}

interface VariableProps {
  name: string;
  value: Json;
  isTaken(name: string): boolean;
  onChange(name: string, value: Json): void;
  onRemove(): void;
}

function VariableRow({ name, value, isTaken, onChange, onRemove }: VariableProps) {
  const [label, setLabel] = useState(name);
  const [text, setText] = useState(() => formatLiteral(value));
  useEffect(() => setText(formatLiteral(value)), [value]);
  const wanted = label.trim();
  const wrong = wanted !== "" && (!/^[A-Za-z_]\w*$/.test(wanted) ? "Letters, digits and _ only" : isTaken(wanted) ? "There is one of this name" : "");
  const save = () => {
    if (wanted && !wrong && (wanted !== name || text !== formatLiteral(value))) onChange(wanted, parseLiteral(text) as Json);
  };
  return (
    <div
      className="wbc-variable"
      data-testid="variable"
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && save()}
      onKeyDown={(event) => {
        if (event.key !== "Escape") event.stopPropagation();
        if (event.key === "Enter") save();
      }}
    >
      <input className="wbc-field wbc-field-code" value={label} autoFocus={!name} placeholder="name" aria-label="Variable's name" aria-invalid={Boolean(wrong)} title={wrong || undefined} spellCheck={false} onChange={(e) => setLabel(e.target.value)} />
      <input className="wbc-field wbc-field-code" value={text} placeholder="first value" aria-label={`First value of ${wanted || "the variable"}`} title={kindOf(parseLiteral(text))} spellCheck={false} onChange={(e) => setText(e.target.value)} />
      <IconButton icon="cross" label={`Remove ${name || "this row"}`} onClick={onRemove} />
      {wrong && <span className="wbc-pop-help wbc-tone-failed wbc-variable-wrong">{wrong}</span>}
    </div>
  );
}

function Runs() {
  const session = useSession();
  const view = useCanvas((s) => s.view?.run ?? null);
  const pinned = useCanvas((s) => s.pinned);
  const runs = useRuns(`${view?.id} ${view?.status}`);
  return (
    <section aria-label="Last runs" data-testid="runs">
      <div className="wbc-fn-head">
        <h3 className="wb-heading">Last runs</h3>
        {pinned && (
          <button type="button" className="wb-text-button" data-testid="runs-latest" title="Show the newest run, and each newer one" onClick={() => void session.running.latest()}>
            latest
          </button>
        )}
      </div>
      {runs.length === 0 && <p className="wb-help">Not run yet. Run or Debug starts it.</p>}
      <ul className="wbc-fn-list wbc-runs">
        {runs.map((run) => {
          const look = runLook(run.status);
          return (
            <li key={run.id}>
              <button
                type="button"
                aria-current={run.id === view?.id}
                data-testid="run-row"
                data-status={run.status}
                title={run.error?.message ?? `Show this run on the canvas (version ${run.version})`}
                onClick={() => void session.running.show(run)}
              >
                <span className={`wbc-tone-${look}`} role="img" aria-label={runWord(run.status)}>
                  <Sign look={look} />
                </span>
                <span>{clockTime(run.createdAt, new Date())}</span>
                <span className="wbc-quiet">
                  {run.debug ? "debug " : ""}
                  {run.attempt > 1 ? `attempt ${run.attempt} ` : ""}
                  {run.forkedFrom ? "forked" : ""}
                </span>
                <span className="wbc-run-time">{hasEnded(run.status) && run.runMs != null ? formatMs(run.runMs) : runWord(run.status)}</span>
              </button>
              <VersionLink ran={run.version} />
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** The version that a run was of: a click shows what became different since. */
function VersionLink({ ran }: { ran: number }) {
  const session = useSession();
  const now = useCanvas((s) => s.fn?.version ?? 0);
  if (ran === now) return <span className="wbc-run-version" title="It ran the version that is here now">v{ran}</span>;
  return (
    <button type="button" className="wbc-run-version wbc-link" data-testid="run-version" title={`It ran version ${ran}: show what became different since`} onClick={() => void session.history.compare(ran, now)}>
      v{ran}
    </button>
  );
}

const NO_RUNS: Run[] = [];

/** The newest runs, read again when the run in view moved. */
function useRuns(stamp: string): Run[] {
  const session = useSession();
  const [runs, setRuns] = useState(NO_RUNS);
  useEffect(() => {
    let left = false;
    session.hub.api.lastRuns(session.functionId, 20).then((found) => !left && setRuns(found), () => undefined);
    return () => {
      left = true;
    };
  }, [session, stamp]);
  return runs;
}
