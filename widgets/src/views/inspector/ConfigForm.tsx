/** A block's config as a form drawn from its JSON Schema. */

import { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState, type FormEvent, type KeyboardEvent, type MouseEvent } from "react";
import { mergeDraft, sameValue } from "../../core/inspector/draft";
import { formatPath, parsePath } from "../../core/inspector/paths";
import { problemsElsewhere, problemsUnder } from "../../core/inspector/problems";
import { applies, fieldsOf, isPrimary, resolve, type Field } from "../../core/inspector/schema";
import type { JsonSchema, Problem, ScopeHints } from "../../core/inspector/types";
import { FieldRow } from "./FieldRow";
import { FormContext, type FormShare } from "./formContext";
import { JsonField } from "./JsonField";
import { Empty, Icon } from "./parts";
import { ProblemLines } from "./ProblemLines";

type Config = Record<string, unknown>;

export interface ConfigFormProps {
  /** Whose config this is; another block starts another draft (what was typed in the old one is saved first). */
  blockId: string;
  schema: JsonSchema;
  config: Config;
  problems?: readonly Problem[];
  hints?: ScopeHints;
  readOnly?: boolean;
  /** Called a moment after the last key, with a choice, on leaving a field, and before the form goes away. */
  onChange(config: Config): void;
  /** What was passed on is whole: nobody types on in it. */
  onSettle?(): void;
  /** Takes what hands over the typing that was not passed on yet; answers how to end that. */
  holdsTyping?(handOver: () => void): () => void;
  onFix?(problem: Problem): void;
  /** Scrolls to this field (`config.conditions[0].field`, or what holds it) and puts the cursor there; a new object does so again. */
  focus?: { field: string } | null;
  /** Milliseconds of quiet before a change goes up. */
  delayMs?: number;
}

const NONE: readonly Problem[] = [];

/** Local typing over the saved config. Nothing typed is lost when the saved config changes or the form goes away. */
function useDraft({ config, onChange, onSettle, holdsTyping, delayMs = 350 }: ConfigFormProps) {
  const [draft, setDraft] = useState(config);
  const now = useRef(draft);
  const base = useRef(config);
  const sent = useRef<Config | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const up = useRef({ onChange, onSettle });
  up.current = { onChange, onSettle };

  const flush = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = undefined;
    if (sameValue(now.current, sent.current ?? base.current)) return;
    sent.current = now.current;
    up.current.onChange(now.current);
  }, []);
  const settle = useCallback(() => {
    flush();
    up.current.onSettle?.();
  }, [flush]);

  useLayoutEffect(() => {
    // An older save coming back must not undo what was typed after it: the draft is compared with what it started from.
    const next = mergeDraft(now.current, sent.current ?? base.current, config);
    base.current = config;
    sent.current = null;
    if (next !== now.current) setDraft((now.current = next));
  }, [config]);

  useEffect(() => () => settle(), [settle]);
  useEffect(() => holdsTyping?.(flush), [holdsTyping, flush]);

  const change = useCallback(
    (next: Config) => {
      setDraft((now.current = next));
      clearTimeout(timer.current);
      timer.current = setTimeout(flush, delayMs);
    },
    [flush, delayMs],
  );
  return { draft, change, settle };
}

export function ConfigForm(props: ConfigFormProps) {
  return <Form key={props.blockId} {...props} />;
}

function Form(props: ConfigFormProps) {
  const { schema, problems = NONE, hints, readOnly = false, onFix } = props;
  const { draft, change, settle } = useDraft(props);
  const idBase = useId();
  const fields = useMemo(() => fieldsOf(resolve(schema, schema), schema), [schema]);
  const names = useMemo(() => new Set(fields.map((field) => field.name)), [fields]);
  const unknown = useMemo(() => Object.fromEntries(Object.entries(draft).filter(([key]) => !names.has(key))), [draft, names]);
  const share = useMemo<FormShare>(
    () => ({ root: schema, problems, hints, readOnly, idBase, ...(onFix ? { onFix } : {}) }),
    [schema, problems, hints, readOnly, idBase, onFix],
  );
  const form = useRef<HTMLFormElement>(null);
  const { focus = null } = props;
  useEffect(() => {
    if (focus && form.current) goTo(form.current, focus.field);
  }, [focus]);
  const columns = useMemo(() => columnNames(hints), [hints]);
  const { primary, more } = useFolding(fields, draft, problems);
  const [open, setOpen] = useState(false);
  const elsewhere = problemsElsewhere(problems, new Set([...names, ...Object.keys(unknown)]));
  const set = (name: string, value: unknown) => {
    const next = { ...draft };
    if (value === undefined) delete next[name];
    else next[name] = value;
    change(next);
  };
  const row = (field: Field) => (
    <FieldRow
      key={field.name}
      field={field}
      steps={[field.name]}
      siblings={draft}
      value={draft[field.name]}
      unused={!applies(field, draft, fields)}
      onChange={(value) => set(field.name, value)}
    />
  );

  return (
    <FormContext value={share}>
      <form
        ref={form}
        className="wb-form"
        onSubmit={(event) => event.preventDefault()}
        onBlur={settle}
        onChange={(event) => isChoice(event) && settle()}
        onClick={(event) => isButton(event) && settle()}
        onKeyDownCapture={(event) => isDone(event) && settle()}
        aria-label="Configuration"
      >
        <ProblemLines problems={elsewhere} onFix={onFix} />
        <datalist id={`${idBase}-columns`}>
          {columns.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        {!fields.length && !Object.keys(unknown).length && <Empty>This block has nothing to configure.</Empty>}
        {primary.map(row)}
        {more.length > 0 && (
          <section className="wb-more">
            <button type="button" className="wb-more-head" aria-expanded={open} onClick={() => setOpen(!open)}>
              <Icon name={open ? "down" : "right"} /> More
              {!open && <span className="wb-more-names">{more.map((field) => field.title).join(" · ")}</span>}
            </button>
            {open && more.map(row)}
          </section>
        )}
        {Object.keys(unknown).length > 0 && (
          <section className="wb-field">
            <div className="wb-field-head">
              <span className="wb-label">Other keys</span>
            </div>
            <p className="wb-help">Not part of this block's schema; kept as they are.</p>
            <JsonField
              value={unknown}
              label="Other keys"
              readOnly={readOnly}
              onChange={(value) => {
                if (value === null || typeof value !== "object" || Array.isArray(value)) return;
                const known = Object.fromEntries(Object.entries(draft).filter(([key]) => names.has(key)));
                change({ ...known, ...(value as Config) });
              }}
            />
            <ProblemLines problems={Object.keys(unknown).flatMap((key) => problemsUnder(problems, [key]))} onFix={onFix} />
          </section>
        )}
      </form>
    </FormContext>
  );
}

/** A box that was ticked or an entry that was chosen, where text goes on with the next key. */
function isChoice({ target }: FormEvent): boolean {
  return target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && /^(checkbox|radio)$/.test(target.type));
}

function isButton({ target }: MouseEvent): boolean {
  return target instanceof Element && target.closest("button") !== null;
}

/** Enter where it makes no new line. */
function isDone({ key, target }: KeyboardEvent): boolean {
  return key === "Enter" && target instanceof Element && target.matches("input, .wb-code-line *");
}

/**
 * What stands at the top and what is folded. Once a field stands at the top it stays there while this form lives:
 * nothing moves under the typing hand. A field that has no say now is folded when it is set, else left out.
 */
function useFolding(fields: readonly Field[], draft: Config, problems: readonly Problem[]) {
  const stuck = useRef(new Set<string>());
  const primary: Field[] = [];
  const more: Field[] = [];
  for (const field of fields) {
    const wrong = problemsUnder(problems, [field.name]).length > 0;
    if (!applies(field, draft, fields)) {
      if (wrong) primary.push(field);
      else if (field.name in draft) more.push(field);
      continue;
    }
    if (wrong || isPrimary(field, draft, fields)) stuck.current.add(field.name);
    (stuck.current.has(field.name) ? primary : more).push(field);
  }
  return { primary, more };
}

/** Puts the cursor into the field at a path, or into the nearest field around it that the form shows. */
function goTo(form: HTMLElement, path: string) {
  const steps = parsePath(path.replace(/^config\./, ""));
  for (let length = steps.length; length > 0; length--) {
    const field = form.querySelector(`[data-field=${JSON.stringify(formatPath(steps.slice(0, length)))}]`);
    if (!field) continue;
    field.scrollIntoView({ block: "nearest" });
    const rows = field.querySelectorAll(":scope .wb-list-row, :scope .wb-card");
    const row = length < steps.length ? rows[Number(steps[length])] : undefined;
    (row ?? field).querySelector<HTMLElement>("input, select, textarea, .cm-content")?.focus();
    return;
  }
}

/** The columns that the input is known to have, else those of every block upstream. */
function columnNames(hints: ScopeHints | undefined): string[] {
  const names = hints?.names ?? [];
  const input = names.find((hint) => hint.name === "input")?.fields ?? [];
  const from = input.length ? input : names.filter((hint) => hint.kind === "block").flatMap((hint) => hint.fields ?? []);
  // What stands around a table in an object is no column; its columns are.
  const tables = from.filter((field) => field.fields?.length);
  const columns = tables.length ? tables.flatMap((field) => field.fields ?? []) : from;
  return [...new Set(columns.map((field) => field.name))].slice(0, 500);
}
