/** A code editor as a form field: expressions, SQL, Python, JSON. */

import { setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView, placeholder as placeholderOf } from "@codemirror/view";
import { useEffect, useRef, type KeyboardEvent } from "react";
import { wordAt } from "../../core/inspector/completions";
import { goesToCanvas } from "../../core/inspector/keys";
import type { ScopeHints } from "../../core/inspector/types";
import { editorExtensions, type CodeLanguage } from "./editorSetup";

export interface CodeFieldProps {
  value: string;
  onChange(value: string): void;
  language: CodeLanguage;
  /** The accessible name. */
  label: string;
  /** What an expression sees here; may change at any time. */
  hints?: ScopeHints;
  /** Something wrong in the text; `position` counts characters from its start. */
  error?: { message: string; position?: number | null } | null;
  singleLine?: boolean;
  readOnly?: boolean;
  placeholder?: string;
  /** The id of the element that says what is wrong. */
  describedBy?: string;
  onBlur?(): void;
  /** Enter in a single line, unless it takes an offered completion. */
  onEnter?(): void;
}

function describing(id: string | undefined) {
  return EditorView.contentAttributes.of(id ? { "aria-describedby": id } : {});
}

export function CodeField(props: CodeFieldProps) {
  const { value, language, label, singleLine = false, readOnly = false, placeholder = "", error, describedBy } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  const locked = useRef(new Compartment());
  const described = useRef(new Compartment());
  latest.current = props;

  useEffect(() => {
    const parent = host.current!;
    const root = parent.closest<HTMLElement>("[data-wb-tooltips]") ?? parent.ownerDocument.body;
    const made = new EditorView({
      parent,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          editorExtensions({
            language,
            label,
            singleLine,
            onEnter: () => latest.current.onEnter?.(),
            placeholderText: placeholderOf(placeholder),
            tooltipParent: root,
            hints: () => latest.current.hints,
          }),
          described.current.of(describing(latest.current.describedBy)),
          locked.current.of(EditorState.readOnly.of(readOnly)),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged) return;
            const text = update.state.doc.toString();
            if (text !== latest.current.value) latest.current.onChange(text);
          }),
          EditorView.domEventHandlers({ blur: () => latest.current.onBlur?.() }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
    // The editor is made anew only for what it cannot change in place.
  }, [language, label, singleLine, placeholder]);

  useEffect(() => {
    // In place: a problem that comes and goes while somebody types must not take the cursor away.
    view.current?.dispatch({ effects: described.current.reconfigure(describing(describedBy)) });
  }, [describedBy]);

  useEffect(() => {
    view.current?.dispatch({ effects: locked.current.reconfigure(EditorState.readOnly.of(readOnly)) });
  }, [readOnly]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === value) return;
    const head = Math.min(editor.state.selection.main.head, value.length);
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value }, selection: { anchor: head } });
  }, [value]);

  const { message, position } = error ?? {};
  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const text = editor.state.doc.toString();
    const [from, to] = typeof position === "number" ? wordAt(text, position) : [0, 0];
    const marks = message && to > from ? [{ from, to, severity: "error" as const, message }] : [];
    editor.dispatch(setDiagnostics(editor.state, marks));
  }, [message, position, language, label]);

  const keepKeys = (event: KeyboardEvent) => {
    if (goesToCanvas(event)) return;
    if (event.key === "Escape" && !event.defaultPrevented) return;
    event.stopPropagation();
  };

  return (
    <div
      ref={host}
      className={`wb-code nokey nodrag nowheel${singleLine ? " wb-code-line" : ""}${message ? " wb-invalid" : ""}${readOnly ? " wb-readonly" : ""}`}
      data-lm-suppress-shortcuts="true"
      data-language={language}
      onKeyDown={keepKeys}
      onPaste={(event) => event.stopPropagation()}
      onCopy={(event) => event.stopPropagation()}
      onCut={(event) => event.stopPropagation()}
    />
  );
}
