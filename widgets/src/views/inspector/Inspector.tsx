/** The panel beside the canvas: what one block is told, was given, gave, logged, and is. */

import { useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { duration } from "../../core/inspector/format";
import { goesToCanvas, tabKey } from "../../core/inspector/keys";
import type { BlockKind, LoadedValue, LogEntry, PageRequest, Problem, ScopeHints } from "../../core/inspector/types";
import { ConfigForm } from "./ConfigForm";
import { DocsView } from "./DocsView";
import { BlockName } from "./BlockName";
import { LogsView } from "./LogsView";
import { Empty, IconButton, StateChip } from "./parts";
import { Prose } from "./Prose";
import { useNarrow } from "./useNarrow";
import { ValueView } from "./ValueView";

export type InspectorTab = "config" | "in" | "out" | "logs" | "docs";

export interface InspectedBlock {
  id: string;
  type: string;
  name: string;
  handle: string;
  config: Record<string, unknown>;
}

/** One wire's or port's value. */
export interface ValueSource {
  /** Checkpoint and part; another key is another value. */
  key: string;
  /** The wire in words: `read flights → in`. */
  label: string;
  /** The expression that names the value. */
  expression?: string;
  load(page: PageRequest, signal: AbortSignal): Promise<LoadedValue>;
  onToKernel?(at: { x: number; y: number }, field?: string): void;
}

/** What a block did in the execution that the inspector looks at. */
export interface Execution {
  status: string;
  path: string;
  attempt: number;
  runMs?: number | null;
  queueMs?: number | null;
  waitMs?: number | null;
  error?: { type?: string; message: string; hint?: string | null } | null;
  flags?: readonly string[];
}

export interface InspectorProps {
  /** Null: nothing is chosen. */
  block: InspectedBlock | null;
  kind: BlockKind | null;
  tab: InspectorTab;
  onTab(tab: InspectorTab): void;
  execution?: Execution | null;
  /** Null: this block has not run in the run in view. */
  inputs: readonly ValueSource[] | null;
  outputs: readonly ValueSource[] | null;
  logs: readonly LogEntry[];
  logsLoading?: boolean;
  problems: readonly Problem[];
  hints?: ScopeHints;
  readOnly?: boolean;
  /** A field of the config to go to (from a problem); a new object goes there again. */
  focus?: { field: string } | null;
  onConfig(blockId: string, config: Record<string, unknown>): void;
  /** The config that was told last is whole: nobody types on in it. */
  onSettle?(): void;
  /** Takes what hands over the typing that was not told yet, for when others change the block; answers how to end that. */
  holdsTyping?(handOver: () => void): () => void;
  onRename?(blockId: string, name: string): void;
  onFix?(problem: Problem): void;
  onPickBlock?(blockId: string, path: string | null): void;
  onRunAgain?(): void;
  /** What stands above every tab, such as a decision that is waited for. */
  above?: ReactNode;
  /** Lies over the canvas instead of standing beside it; measured when left out. */
  drawer?: boolean;
  /** Closes the panel; Escape does too, from any field. */
  onClose(): void;
}

const TABS: readonly { id: InspectorTab; title: string }[] = [
  { id: "config", title: "Config" },
  { id: "in", title: "In" },
  { id: "out", title: "Out" },
  { id: "logs", title: "Logs" },
  { id: "docs", title: "Docs" },
];

/** Below this width of its surroundings the panel lies over the canvas as a drawer. */
const NARROW = 640;

export function Inspector(props: InspectorProps) {
  const { block, kind, tab, onTab, execution, problems, logs, onClose } = props;
  const panel = useRef<HTMLElement>(null);
  const measured = useNarrow(panel, NARROW);
  const narrow = props.drawer ?? measured;
  const [wide, setWide] = useState(false);
  const id = useId();
  const index = TABS.findIndex((entry) => entry.id === tab);

  const keep = (event: KeyboardEvent) => {
    if (goesToCanvas(event)) return;
    event.stopPropagation();
    if (event.key !== "Escape" || event.defaultPrevented) return;
    // A field that saves when it is left is left first: nothing typed is lost.
    (event.target as HTMLElement).blur();
    onClose();
  };
  const onTabKey = (event: KeyboardEvent) => {
    const next = tabKey(event.key, index, TABS.length);
    if (next === null) return;
    event.preventDefault();
    onTab(TABS[next]!.id);
    panel.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
  };
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const counts: Partial<Record<InspectorTab, number>> = { config: errors || problems.length, logs: logs.length };
  const tone = errors ? " wb-count-error" : " wb-count-warn";
  const words = (of: InspectorTab, count: number) => `${count} ${of === "logs" ? "line" : errors ? "error" : "warning"}${count === 1 ? "" : "s"}`;

  return (
    <aside
      ref={panel}
      className={`wb-inspector nokey nowheel nodrag nopan${narrow ? " wb-drawer" : ""}${wide ? " wb-wide" : ""}`}
      aria-label="Inspector"
      data-lm-suppress-shortcuts="true"
      data-wb-tooltips=""
      tabIndex={-1}
      onKeyDown={keep}
      onPaste={stop}
      onCopy={stop}
      onCut={stop}
    >
      {block ? (
        <>
          <header className="wb-inspector-head">
            <div className="wb-inspector-title">
              <BlockName
                key={block.id}
                name={block.name}
                readOnly={props.readOnly || !props.onRename}
                onRename={(name) => props.onRename?.(block.id, name)}
              />
              <IconButton
                icon="wide"
                label={wide ? "Make the panel narrow" : "Make the panel wide, for tables"}
                pressed={wide}
                onClick={() => setWide(!wide)}
              />
              <IconButton icon="cross" label="Close the inspector (Esc)" onClick={onClose} />
            </div>
            <div className="wb-inspector-sub">
              <span>{kind?.title ?? block.type}</span>
              <code title="Expressions name the block so">{block.handle}</code>
              {execution && <StateChip status={execution.status} />}
              {execution?.runMs != null && (
                <span title={`queue ${duration(execution.queueMs ?? 0)}, wait ${duration(execution.waitMs ?? 0)}`}>
                  {duration(execution.runMs)}
                </span>
              )}
            </div>
          </header>
          <div className="wb-tabs" role="tablist" aria-label="Inspector" onKeyDown={onTabKey}>
            {TABS.map((entry) => {
              const count = counts[entry.id];
              return (
                <button
                  key={entry.id}
                  type="button"
                  role="tab"
                  id={`${id}-${entry.id}`}
                  aria-selected={entry.id === tab}
                  aria-controls={`${id}-panel`}
                  tabIndex={entry.id === tab ? 0 : -1}
                  className={`wb-tab${entry.id === tab ? " wb-on" : ""}`}
                  onClick={() => onTab(entry.id)}
                >
                  {entry.title}
                  {count ? (
                    <span className={`wb-count${entry.id === "config" ? tone : ""}`} title={words(entry.id, count)}>
                      {count > 999 ? "999+" : count}
                    </span>
                  ) : null}
                </button>
              );
            })}
          </div>
          {props.above}
          <div className="wb-inspector-body" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${tab}`} tabIndex={-1}>
            <Body {...props} block={block} />
          </div>
        </>
      ) : (
        <Empty>Choose a block or a wire to see what it holds.</Empty>
      )}
    </aside>
  );
}

const stop = (event: { stopPropagation(): void }) => event.stopPropagation();

function Body(props: InspectorProps & { block: InspectedBlock }) {
  const { block, kind, tab, problems, hints, readOnly, onConfig, onSettle, onFix, onPickBlock, inputs, outputs, execution, onRunAgain } = props;
  switch (tab) {
    case "config":
      if (!kind) return <Empty>There is no block type “{block.type}” here, so its config has no form.</Empty>;
      return (
        <ConfigForm
          blockId={block.id}
          schema={kind.configSchema}
          config={block.config}
          problems={problems}
          readOnly={readOnly ?? false}
          onChange={(config) => onConfig(block.id, config)}
          {...(onSettle ? { onSettle } : {})}
          {...(props.holdsTyping ? { holdsTyping: props.holdsTyping } : {})}
          {...(hints ? { hints } : {})}
          focus={props.focus ?? null}
          {...(onFix ? { onFix } : {})}
        />
      );
    case "in":
      return (
        <Values
          sources={inputs}
          execution={execution ?? null}
          none={kind?.isTrigger ? "A trigger starts the run: nothing comes in." : "Nothing is wired to this block."}
          {...(onRunAgain ? { onRunAgain } : {})}
        />
      );
    case "out":
      return (
        <>
          {execution?.error && <ErrorBox execution={execution} />}
          <Values
            sources={outputs}
            execution={execution ?? null}
            none={execution?.error ? null : "This block gave nothing."}
            {...(onRunAgain ? { onRunAgain } : {})}
          />
        </>
      );
    case "logs":
      return (
        <LogsView key={block.id} entries={props.logs} loading={props.logsLoading ?? false} {...(onPickBlock ? { onPickBlock } : {})} />
      );
    default:
      if (!kind) return <Empty>Nothing is known of the type “{block.type}”.</Empty>;
      return (
        <DocsView kind={kind} {...(readOnly ? {} : { onUseExample: (config: Record<string, unknown>) => onConfig(block.id, config) })} />
      );
  }
}

function ErrorBox({ execution }: { execution: Execution }) {
  const { error, path, attempt } = execution;
  if (!error) return null;
  return (
    <section className="wb-error-box" role="alert">
      <p>
        <span className="wb-tone-error">✕ {error.type && <code>{error.type}</code>}</span> <Prose text={error.message} />
      </p>
      {error.hint && (
        <p className="wb-hint">
          → <Prose text={error.hint} />
        </p>
      )}
      <p className="wb-help">
        at <code>{path}</code>
        {attempt > 1 && `, attempt ${attempt}`}
      </p>
    </section>
  );
}

interface ValuesProps {
  sources: readonly ValueSource[] | null;
  execution: Execution | null;
  none: string | null;
  onRunAgain?(): void;
}

function Values({ sources, execution, none, onRunAgain }: ValuesProps) {
  if (sources === null)
    return (
      <Empty>
        {execution?.status === "skipped" ? "This block was skipped: nothing came here." : "No value yet. Run the function to see it here."}
      </Empty>
    );
  if (!sources.length) return none ? <Empty>{none}</Empty> : null;
  return (
    <>
      {execution && /\[/.test(execution.path) && (
        <p className="wb-path-line" title="The execution in view; the region's pager chooses another">
          <code>{execution.path}</code>
          {execution.attempt > 1 && `, attempt ${execution.attempt}`}
        </p>
      )}
      {sources.map((source) => (
        <section key={source.key} className="wb-source" aria-label={source.label}>
          {(sources.length > 1 || source.label) && <h3 className="wb-heading">{source.label}</h3>}
          <ValueView
            load={source.load}
            valueKey={source.key}
            label={source.label}
            {...(source.expression ? { expression: source.expression } : {})}
            {...(source.onToKernel ? { onToKernel: source.onToKernel } : {})}
            {...(onRunAgain ? { onRunAgain } : {})}
          />
        </section>
      ))}
    </>
  );
}
