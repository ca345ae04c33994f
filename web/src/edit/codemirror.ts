// The editor for SQL and YAML. It lives in a shadow root, where its styles are sheets that the policy of the pages
// allows (a <style> element would not be).
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { sql, StandardSQL } from "@codemirror/lang-sql";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic as Lint, lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags as t } from "@lezer/highlight";
import type { Diagnostic } from "../api/client";

export interface Options {
  language: "sql" | "yaml";
  label: string;
  text: string;
  readOnly?: boolean;
  tables?: Record<string, string[]>;
  onChange: (text: string) => void;
  onRun?: () => void;
}
export interface Mounted {
  set: (text: string) => void;
  mark: (diagnostics: readonly Diagnostic[]) => void;
  complete: (tables: Record<string, string[]>) => void;
  destroy: () => void;
}

const colours = HighlightStyle.define([
  { tag: [t.keyword, t.operatorKeyword, t.modifier], color: "var(--accent-strong)", fontWeight: "600" },
  { tag: [t.propertyName, t.definition(t.propertyName), t.labelName], color: "var(--accent)" },
  { tag: [t.string, t.special(t.string)], color: "var(--good)" },
  { tag: [t.number, t.bool, t.null], color: "var(--warn)" },
  { tag: [t.comment, t.lineComment, t.blockComment], color: "var(--text-faint)", fontStyle: "italic" },
  { tag: [t.typeName, t.atom], color: "var(--bad)" },
]);
const look = EditorView.theme({
  "&": { fontSize: "13px", color: "var(--text)", backgroundColor: "var(--sunken)", border: "1px solid var(--line)", borderRadius: "6px", height: "100%" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", fontVariantLigatures: "none", lineHeight: "1.55", overflow: "auto" },
  ".cm-content": { padding: "8px 0", caretColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--text-faint)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--accent-soft) 45%, transparent)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--water-soft)" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", color: "var(--text)", border: "1px solid var(--line)", borderRadius: "6px", boxShadow: "var(--float)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--accent-text)" },
  ".cm-panels": { backgroundColor: "var(--surface)", color: "var(--text)" },
  ".cm-diagnostic": { fontFamily: "var(--sans)", padding: "6px 10px" },
});

const language = (options: Options, tables: Record<string, string[]>): Extension =>
  options.language === "yaml" ? yaml() : sql({ dialect: StandardSQL, schema: tables, upperCaseKeywords: false });

function toLint(view: EditorView, each: Diagnostic): Lint {
  const line = view.state.doc.line(Math.min(Math.max(1, each.line ?? 1), view.state.doc.lines));
  const from = Math.min(line.from + Math.max(0, (each.column ?? 1) - 1), line.to);
  return { from, to: Math.min(Math.max(from + (each.width ?? 1), from), line.to), severity: each.severity, message: [each.message, each.hint].filter(Boolean).join("\n") };
}

const ECHO_MS = 1000;

// What is typed over a selection is put in here: the browser would keep the colours of what it takes away by a style
// in the line, which the policy of the pages does not allow (and complains of).
const typedOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main } = view.state.selection;
    if (event.isComposing || event.inputType !== "insertText" || !event.data || view.state.readOnly || main.empty) return false;
    const text = event.data;
    const insert = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    if (!view.state.facet(EditorView.inputHandler).some((handler) => handler(view, main.from, main.to, text, insert))) view.dispatch(insert());
    return true;
  },
});

export function mount(host: HTMLElement, options: Options): Mounted {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const parent = document.createElement("div");
  parent.style.height = "100%";
  root.replaceChildren(parent);
  const words = new Compartment();
  let silent = false;
  let told: { text: string; at: number }[] = [];
  const view = new EditorView({
    root,
    parent,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(), autocompletion(), highlightActiveLine(), highlightSelectionMatches(), lintGutter(), typedOver,
        syntaxHighlighting(colours), look, EditorView.lineWrapping, words.of(language(options, options.tables ?? {})),
        EditorState.tabSize.of(2), EditorState.readOnly.of(options.readOnly ?? false),
        EditorView.contentAttributes.of({ "aria-label": options.label, "aria-multiline": "true", role: "textbox", tabindex: "0" }),
        keymap.of([{ key: "Mod-Enter", run: () => (options.onRun?.(), true) }, ...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap, { ...indentWithTab, preventDefault: false }]),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged || silent) return;
          const text = update.state.doc.toString();
          told = [...told.filter((each) => each.at > Date.now() - ECHO_MS), { text: text.trimEnd(), at: Date.now() }];
          options.onChange(text);
        }),
      ],
    }),
  });
  return {
    set(text) {
      const old = view.state.doc.toString();
      // What the editor has told of comes back by the page, a little later and with another end: it is no news, and
      // must not take away what was typed meanwhile.
      if (old.trimEnd() === text.trimEnd() || told.some((each) => each.text === text.trimEnd() && each.at > Date.now() - ECHO_MS)) return;
      told = [];
      // Only what differs is replaced, so that the cursor stays where it is.
      let from = 0;
      while (from < old.length && from < text.length && old[from] === text[from]) from += 1;
      let end = 0;
      while (end < old.length - from && end < text.length - from && old[old.length - 1 - end] === text[text.length - 1 - end]) end += 1;
      silent = true;
      view.dispatch({ changes: { from, to: old.length - end, insert: text.slice(from, text.length - end) } });
      silent = false;
    },
    mark: (diagnostics) => view.dispatch(setDiagnostics(view.state, diagnostics.map((each) => toLint(view, each)))),
    complete: (tables) => view.dispatch({ effects: words.reconfigure(language(options, tables)) }),
    destroy: () => view.destroy(),
  };
}
