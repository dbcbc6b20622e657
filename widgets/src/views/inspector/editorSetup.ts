/** CodeMirror set up for one field: language, colours from Lab's variables, completions, and a Tab that never traps. */

import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
  completionStatus,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { python, pythonLanguage } from "@codemirror/lang-python";
import { PostgreSQL, sql } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState, Prec, RangeSetBuilder, type Extension } from "@codemirror/state";
import { Decoration, EditorView, keymap, lineNumbers, tooltips, ViewPlugin, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import { highlightTree, tags } from "@lezer/highlight";
import { expressionAround, expressionRanges, offersFor, sqlTables, type Offer } from "../../core/inspector/completions";
import type { ScopeHints } from "../../core/inspector/types";

export type CodeLanguage = "template" | "expression" | "deferred" | "mapping" | "sql" | "python" | "json" | "text";

const colour = (name: string, fallback: string) => `var(--jp-mirror-editor-${name}-color, var(--wb-code-${name}, ${fallback}))`;

const highlight = HighlightStyle.define([
  {
    tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword],
    color: colour("keyword", "#008000"),
    fontWeight: "bold",
  },
  { tag: [tags.string, tags.special(tags.string)], color: colour("string", "#ba2121") },
  { tag: tags.number, color: colour("number", "#008800") },
  { tag: [tags.bool, tags.null, tags.atom], color: colour("atom", "#8888ff") },
  { tag: [tags.lineComment, tags.blockComment, tags.comment], color: colour("comment", "#408080"), fontStyle: "italic" },
  { tag: [tags.operator, tags.compareOperator, tags.arithmeticOperator, tags.logicOperator], color: colour("operator", "#aa22ff") },
  { tag: [tags.function(tags.variableName), tags.definition(tags.variableName)], color: colour("def", "#0000ff") },
  { tag: tags.propertyName, color: colour("property", "#05a") },
  { tag: [tags.typeName, tags.standard(tags.name)], color: colour("builtin", "#008000") },
  { tag: tags.variableName, color: colour("variable", "inherit") },
  { tag: tags.invalid, color: colour("error", "#f00") },
]);

const theme = EditorView.theme({
  "&": { color: "var(--jp-content-font-color1, inherit)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-content": {
    fontFamily: "var(--jp-code-font-family, ui-monospace, Menlo, Consolas, monospace)",
    fontSize: "var(--jp-code-font-size, 13px)",
    lineHeight: "1.45",
    padding: "4px 0",
    caretColor: "var(--jp-editor-cursor-color, var(--jp-ui-font-color0, #000))",
  },
  ".cm-line": { padding: "0 7px" },
  ".cm-scroller": { overflow: "auto", fontFamily: "inherit" },
  ".cm-cursor": { borderLeftColor: "var(--jp-editor-cursor-color, var(--jp-ui-font-color0, #000))" },
  ".cm-matchingBracket": { backgroundColor: "transparent" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    backgroundColor: "var(--jp-editor-selected-focused-background, #d7d4f0)",
  },
  ".cm-gutters": { backgroundColor: "transparent", border: "none", color: "var(--jp-ui-font-color3, #999)", fontSize: "11px" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 2px 0 6px", minWidth: "18px", lineHeight: "18.85px" },
  ".cm-placeholder": { color: "var(--jp-ui-font-color3, #8a8a8a)", fontStyle: "normal" },
  "&.cm-focused .cm-matchingBracket": { color: "inherit", backgroundColor: "var(--jp-layout-color3, #ddd)" },
  ".cm-tooltip": {
    backgroundColor: "var(--jp-layout-color1, #fff)",
    color: "var(--jp-ui-font-color1, #222)",
    border: "1px solid var(--jp-border-color1, #bbb)",
    borderRadius: "var(--jp-border-radius, 2px)",
    boxShadow: "var(--jp-elevation-z4, 0 2px 8px rgba(0,0,0,.2))",
    zIndex: "10001",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: "var(--jp-code-font-family, monospace)",
    fontSize: "12px",
    maxHeight: "200px",
    minWidth: "180px",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": {
    padding: "2px 8px",
    display: "flex",
    gap: "8px",
    alignItems: "baseline",
    lineHeight: "1.5",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--jp-brand-color1, #1976d2)", color: "#fff" },
  ".cm-completionLabel": { flex: "1 1 auto" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "600" },
  ".cm-completionDetail": {
    fontStyle: "normal",
    opacity: "0.7",
    marginLeft: "0",
    fontSize: "11px",
    maxWidth: "140px",
    overflow: "hidden",
    textOverflow: "ellipsis",
  },
  ".cm-completionIcon": { display: "none" },
  ".cm-tooltip.cm-completionInfo": {
    padding: "6px 8px",
    maxWidth: "260px",
    fontFamily: "var(--jp-ui-font-family, system-ui)",
    fontSize: "12px",
    lineHeight: "1.4",
  },
  ".cm-diagnostic": {
    padding: "4px 8px",
    fontFamily: "var(--jp-ui-font-family, system-ui)",
    fontSize: "12px",
    borderLeft: "3px solid var(--jp-error-color1, #d32f2f)",
  },
});

const braceMark = Decoration.mark({ class: "wb-code-brace" });
const insideMark = Decoration.mark({ class: "wb-code-inside" });

/** Colours the inside of each `{{ … }}` as Python; the text around keeps the text colour. */
function templateColours(view: EditorView): DecorationSet {
  const text = view.state.doc.toString();
  const builder = new RangeSetBuilder<Decoration>();
  for (const range of expressionRanges(text)) {
    const from = range.from + 2;
    const to = range.closed ? range.to - 2 : range.to;
    builder.add(range.from, from, braceMark);
    if (to > from) {
      const marks: [number, number, Decoration][] = [[from, to, insideMark]];
      highlightTree(pythonLanguage.parser.parse(text.slice(from, to)), highlight, (a, b, style) => {
        marks.push([from + a, from + b, Decoration.mark({ class: style })]);
      });
      for (const [a, b, mark] of marks) builder.add(a, b, mark);
    }
    if (range.closed) builder.add(to, range.to, braceMark);
  }
  return builder.finish();
}

const templateHighlight = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = templateColours(view);
    }
    update(update: ViewUpdate) {
      if (update.docChanged) this.decorations = templateColours(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

const KINDS: Record<Offer["kind"], { type: string; boost: number; word: string }> = {
  field: { type: "property", boost: 3, word: "" },
  column: { type: "property", boost: 3, word: "" },
  block: { type: "variable", boost: 2, word: "block" },
  scope: { type: "variable", boost: 2, word: "here" },
  variable: { type: "variable", boost: 1, word: "variable" },
  function: { type: "function", boost: -1, word: "" },
};

function infoOf(offer: Offer): Completion["info"] {
  if (!offer.doc) return undefined;
  return () => {
    const box = document.createElement("div");
    box.textContent = offer.doc;
    return box;
  };
}

function completion(offer: Offer, wrap: boolean): Completion {
  const kind = KINDS[offer.kind];
  const text = offer.insert ?? offer.label;
  return {
    label: offer.label,
    detail: offer.detail || kind.word,
    type: kind.type,
    boost: kind.boost,
    info: infoOf(offer),
    apply: (view, _completion, from, to) => {
      const insert = wrap ? `{{ ${text} }}` : text;
      const cursor = from + insert.length - (wrap ? 3 : 0) - (text.endsWith("()") ? 1 : 0);
      view.dispatch({ changes: { from, to, insert }, selection: { anchor: cursor }, userEvent: "input.complete" });
    },
  };
}

/** Offers block handles, fields and functions inside an expression; in plain text only when asked, wrapped in braces. */
function complete(language: CodeLanguage, hints: () => ScopeHints | undefined) {
  return (context: CompletionContext): CompletionResult | null => {
    const scope = hints();
    if (!scope) return null;
    const text = context.state.doc.toString();
    let start = 0;
    let wrap = false;
    if (language === "template") {
      const around = expressionAround(text, context.pos);
      if (around) start = around.from;
      else if (context.explicit) wrap = true;
      else return null;
    }
    const before = wrap ? "" : text.slice(start, context.pos);
    const found = offersFor(before, scope);
    if (!found || (!found.length && !context.explicit && !/[.["'{]\s*$/.test(text.slice(0, context.pos)))) return null;
    return { from: context.pos - found.length, options: found.offers.map((offer) => completion(offer, wrap)), validFor: /^\w*$/ };
  };
}

function languageOf(language: CodeLanguage, hints: () => ScopeHints | undefined): Extension {
  switch (language) {
    case "sql":
      return sql({ dialect: PostgreSQL, schema: sqlTables(hints() ?? { names: [], functions: [] }), upperCaseKeywords: true });
    case "json":
      return json();
    case "template":
      return templateHighlight;
    case "text":
      return [];
    default:
      return python();
  }
}

/** Tab takes an offered completion, and indents where that means something (Ctrl+M frees it for moving on). */
function tabKeys(indents: boolean): Extension {
  return keymap.of([{ key: "Tab", run: acceptCompletion }, ...(indents ? [{ key: "Tab", run: indentMore, shift: indentLess }] : [])]);
}

/** Escape closes what is offered and goes on to whoever is outside: one press closes the panel. */
const escapeLeaves = Prec.highest(
  EditorView.domEventHandlers({
    keydown: (event, view) => {
      if (event.key === "Escape" && completionStatus(view.state)) closeCompletion(view);
      return false; // it is not taken: whoever is outside hears it too
    },
  }),
);

/** One line: a pasted line break becomes a space. */
const oneLine = EditorState.transactionFilter.of((transaction) => {
  if (!transaction.docChanged || transaction.newDoc.lines === 1) return transaction;
  return [
    transaction,
    {
      changes: { from: 0, to: transaction.newDoc.length, insert: transaction.newDoc.toString().replace(/\s*\n\s*/g, " ") },
      sequential: true,
      selection: { anchor: Math.min(transaction.newSelection.main.head, transaction.newDoc.length) },
    },
  ];
});

/** A space after a fresh `{{` puts one before its `}}` too. */
const spaceInBraces = EditorView.inputHandler.of((view, from, to, text) => {
  if (text !== " " || view.state.sliceDoc(from - 2, from) !== "{{" || view.state.sliceDoc(to, to + 2) !== "}}") return false;
  view.dispatch({ changes: { from, to, insert: "  " }, selection: { anchor: from + 1 }, userEvent: "input.type" });
  return true;
});

export interface EditorOptions {
  language: CodeLanguage;
  label: string;
  singleLine: boolean;
  /** What Enter does in a single line, where it makes no new one. */
  onEnter: () => void;
  placeholderText: Extension;
  tooltipParent: HTMLElement;
  hints: () => ScopeHints | undefined;
}

/** Everything but the document, the read-only switch and the listeners. */
export function editorExtensions(options: EditorOptions): Extension[] {
  const { language, label, singleLine, hints } = options;
  const native = language === "sql";
  const indents = !singleLine && language !== "template" && language !== "text";
  return [
    history(),
    theme,
    syntaxHighlighting(highlight),
    language === "template" || language === "text" ? spaceInBraces : bracketMatching(),
    closeBrackets(),
    languageOf(language, hints),
    indentUnit.of(language === "python" ? "    " : "  "),
    EditorView.lineWrapping,
    native
      ? autocompletion({ icons: false, defaultKeymap: false })
      : autocompletion({ icons: false, defaultKeymap: false, override: language === "json" || language === "text" ? [] : [complete(language, hints)] }),
    tooltips({ parent: options.tooltipParent, position: "fixed" }),
    Prec.high(tabKeys(indents)),
    escapeLeaves,
    singleLine ? Prec.high(keymap.of([{ key: "Enter", run: (view) => acceptCompletion(view) || (options.onEnter(), true) }])) : [],
    keymap.of([...closeBracketsKeymap, ...completionKeymap.filter((binding) => binding.key !== "Escape"), ...historyKeymap, ...defaultKeymap]),
    options.placeholderText,
    singleLine ? oneLine : language === "python" || language === "sql" ? lineNumbers() : [],
    EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", autocapitalize: "off" }),
  ];
}
