// A sync's YAML as what a form shows, and edits of the form as edits of the YAML. Comments and order stay.
import { type Document, isAlias, isCollection, isMap, isPair, isScalar, LineCounter, type Pair, parseDocument, visit } from "yaml";
import type { Diagnostic } from "../api/client";

export type FieldKind = "column" | "sql" | "value" | "template";
export interface FieldDraft {
  field: string;
  kind: FieldKind;
  from: string; // the column, the expression, the constant or the message
  transforms: unknown[];
  write?: string;
  null?: string;
}
export interface Draft {
  model: string;
  destination: string;
  object: string;
  mode: string;
  match: FieldDraft[];
  fields: FieldDraft[];
  schedule: { kind: "request" | "every" | "cron" | "after"; every: string; cron: string; timezone: string; after: string };
  guard: Record<string, string>;
  onRemoved: string;
  matchChange: string;
  approve: boolean;
  alerts: string[];
  description: string;
  owner: string;
  tags: string[];
  paused: boolean;
}

// YAML reads the key `null` as nothing, which becomes "" in an object; to Penstock it is a word like the others.
const named = (spec: Record<string, unknown>): Record<string, unknown> => ("" in spec ? { ...spec, null: spec[""] } : spec);
const text = (value: unknown): string => (value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]);
const object = (value: unknown): Record<string, unknown> => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {});

export function readField(field: string, given: unknown): FieldDraft {
  if (typeof given !== "object" || given === null) return { field, kind: "column", from: text(given), transforms: [] };
  const spec = named(given as Record<string, unknown>);
  const kind: FieldKind = "sql" in spec ? "sql" : "value" in spec ? "value" : "template" in spec ? "template" : "column";
  const from = kind === "column" ? spec.from : spec[kind];
  return { field, kind, from: text(from), transforms: list(spec.transform), write: spec.write === undefined ? undefined : text(spec.write), null: spec.null === undefined ? undefined : text(spec.null) };
}

/** What stands in the YAML for a field; the shortest form that says it. `old` keeps what the form does not know. */
export function writeField(draft: FieldDraft, old?: unknown): unknown {
  const kept = { ...object(old) };
  for (const name of ["", "from", "sql", "value", "template", "transform", "write", "null"]) delete kept[name];
  const spec: Record<string, unknown> = {};
  if (draft.kind === "value") spec.value = constant(draft.from);
  else if (draft.kind === "column") spec.from = draft.from;
  else spec[draft.kind] = draft.from;
  const [only] = draft.transforms;
  if (draft.transforms.length) spec.transform = draft.transforms.length === 1 ? only : draft.transforms;
  if (draft.write && draft.write !== "always") spec.write = draft.write;
  if (draft.null && draft.null !== "clear") spec.null = draft.null;
  Object.assign(spec, kept);
  return draft.kind === "column" && Object.keys(spec).length === 1 ? draft.from : spec;
}

function constant(given: string): unknown {
  if (/^-?\d+(\.\d+)?$/.test(given) && String(Number(given)) === given) return Number(given);
  if (given === "true" || given === "false") return given === "true";
  return given;
}

function readSchedule(given: unknown): Draft["schedule"] {
  const none = { kind: "request" as const, every: "15m", cron: "0 7 * * *", timezone: "", after: "" };
  if (given === undefined || given === null) return none;
  if (typeof given === "string") return { ...none, kind: "every", every: given };
  const spec = object(given);
  if ("cron" in spec) return { ...none, kind: "cron", cron: text(spec.cron), timezone: text(spec.timezone) };
  if ("after" in spec) return { ...none, kind: "after", after: list(spec.after).map(text).join(", ") };
  return { ...none, kind: "every", every: text(spec.every) };
}

export function writeSchedule(given: Draft["schedule"]): unknown {
  if (given.kind === "every") return { every: given.every };
  if (given.kind === "cron") return given.timezone ? { cron: given.cron, timezone: given.timezone } : { cron: given.cron };
  if (given.kind === "after") {
    const names = given.after.split(/[\s,]+/).filter(Boolean);
    return { after: names.length === 1 ? names[0] : names };
  }
  return undefined;
}

export interface Read { draft?: Draft; error?: { message: string; line?: number } }
export function readDraft(yaml: string): Read {
  const lines = new LineCounter();
  const doc = parseDocument(yaml, { lineCounter: lines });
  const [error] = doc.errors;
  if (error) return { error: { message: error.message.split("\n")[0] ?? "", line: lines.linePos(error.pos[0]).line } };
  const root: unknown = doc.toJS() ?? {};
  if (typeof root !== "object" || Array.isArray(root) || root === null) return { error: { message: "a sync is a map of keys and values" } };
  const spec = root as Record<string, unknown>;
  const fields = (of: unknown) => Object.entries(object(of)).map(([name, value]) => readField(name, value));
  return {
    draft: {
      model: text(spec.model), destination: text(spec.destination), object: text(spec.object), mode: text(spec.mode),
      match: fields(spec.match), fields: fields(spec.fields), schedule: readSchedule(spec.schedule),
      guard: Object.fromEntries(Object.entries(object(spec.guard)).map(([name, value]) => [name, text(value)])),
      onRemoved: text(spec.on_removed), matchChange: text(spec.match_change), approve: spec.approve === "required", alerts: list(spec.alerts).map(text),
      description: text(spec.description), owner: text(spec.owner), tags: list(spec.tags).map(text), paused: spec.paused === true,
    },
  };
}

const order = ["description", "owner", "tags", "model", "destination", "object", "mode", "match", "fields", "on_removed", "match_change", "schedule", "guard", "approve", "alerts"];

/** The YAML with one value set, or taken out when it is undefined. */
export function setIn(yaml: string, path: readonly string[], value: unknown): string {
  const doc = parseDocument(yaml);
  if (doc.errors.length) return yaml;
  if (value === undefined) {
    doc.deleteIn(path);
    const parent = path.length > 1 ? doc.getIn(path.slice(0, -1), true) : undefined;
    if (isMap(parent) && parent.items.length === 0) doc.deleteIn(path.slice(0, -1));
    return print(doc, yaml);
  }
  const [top = ""] = path;
  if (!isMap(doc.contents)) doc.contents = doc.createNode({}) as unknown as typeof doc.contents;
  if (path.length > 1 && !isMap(doc.getIn([top], true))) put(doc, top, doc.createNode({}, { flow: top === "match" || top === "guard" }));
  const old = doc.getIn(path, true);
  const made = doc.createNode(value, { flow: typeof value === "object" && !(path.length === 1 && top === "fields") });
  visit(made as unknown as Document, { Pair: (_, pair) => { if (isScalar(pair.key) && pair.key.value === "null") pair.key.value = null; } });
  if (isScalar(old) && isScalar(made)) old.value = made.value; // its comment and its quotes stay
  else {
    if (old && typeof old === "object" && "comment" in old) made.comment = (old as { comment?: string | null }).comment;
    if (path.length === 1) put(doc, top, made);
    else doc.setIn(path, made);
  }
  return print(doc, yaml);
}

/** A key of the sync at the place where people expect it. */
function put(doc: Document, key: string, node: unknown): void {
  if (doc.has(key)) return void doc.set(key, node);
  const map = doc.contents;
  if (!isMap(map)) return;
  const mine = order.indexOf(key);
  const after = map.items.findLastIndex((pair) => isPair(pair) && mine >= 0 && order.indexOf(String((pair as Pair).key)) >= 0 && order.indexOf(String((pair as Pair).key)) < mine);
  const pair = doc.createPair(key, node);
  map.items.splice(mine < 0 ? map.items.length : after + 1, 0, pair as never);
}

/** As people write it: `{ a: b }` and `[a, b]`. Lines that say what they said before stay as they were, letter by letter. */
export function print(doc: Document, before: string): string {
  visit(doc, {
    Collection(_, node) {
      const padding = isMap(node) ? " " : "";
      const own = Object.getPrototypeOf(node) as { toString: (this: unknown, ctx: unknown, ...more: unknown[]) => string };
      node.toString = (ctx?: unknown, ...more: unknown[]) => own.toString.call(node, ctx && { ...ctx, flowCollectionPadding: padding }, ...more);
    },
  });
  const tight = (line: string) => line.replace(/([[{]) +/g, "$1").replace(/ +([\]}])/g, "$1").replace(/ +#/g, " #");
  const old = new Map(before.split("\n").map((line) => [tight(line), line]));
  return doc.toString({ lineWidth: 0 }).split("\n").map((line) => old.get(tight(line)) ?? line).join("\n");
}

/** Another name for a field, at the same place. */
export function renameField(yaml: string, from: string, to: string): string {
  const doc = parseDocument(yaml);
  const fields = doc.get("fields", true);
  if (!isMap(fields)) return yaml;
  const pair = fields.items.find((each) => String(isScalar(each.key) ? each.key.value : each.key) === from);
  if (!pair) return yaml;
  if (isScalar(pair.key)) pair.key.value = to;
  else pair.key = doc.createNode(to) as never;
  return print(doc, yaml);
}

/** Each diagnostic under the path of what it is about: "fields.phone", "schedule", or "" for the whole. */
export function place(yaml: string, diagnostics: readonly Diagnostic[], file: string): Map<string, Diagnostic[]> {
  const placed = new Map<string, Diagnostic[]>();
  const doc = parseDocument(yaml);
  const starts = [0];
  for (let at = yaml.indexOf("\n"); at >= 0; at = yaml.indexOf("\n", at + 1)) starts.push(at + 1);
  for (const each of diagnostics) {
    if (each.file && each.file !== file) continue;
    const offset = each.line ? (starts[each.line - 1] ?? 0) + Math.max(0, (each.column ?? 1) - 1) : -1;
    const path = offset < 0 ? "" : pathAt(doc, offset);
    placed.set(path, [...(placed.get(path) ?? []), each]);
  }
  return placed;
}

function pathAt(doc: Document, offset: number): string {
  let best: string[] = [];
  visit(doc, {
    Pair(_, pair, ancestors) {
      const begin = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
      const value = pair.value;
      const end = (isScalar(value) || isCollection(value) || isAlias(value) ? value.range?.[1] : undefined) ?? (isScalar(pair.key) ? pair.key.range?.[1] : undefined);
      if (begin === undefined || end === undefined || offset < begin || offset > end) return;
      const path = [...ancestors.filter(isPair).map((each) => String(isScalar(each.key) ? each.key.value : each.key)), String(isScalar(pair.key) ? pair.key.value : pair.key)];
      if (path.length >= best.length) best = path;
    },
  });
  return best.slice(0, 2).join(".");
}
