// A model: its query with completion and a preview, its key, what is personal.
import { useMutation, useQuery } from "@tanstack/react-query";
import { Play, Save } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { useLocation, useParams } from "wouter";
import { isMap, parseDocument, Scalar } from "yaml";
import { answer, api } from "../api/client";
import { useModels, useSources } from "../api/questions";
import { Asked, Button, Labeled, Section, Trouble } from "../design/parts";
import { RowsTable } from "../design/RowsTable";
import { useFilters } from "../table/filters";
import { plural } from "../words/numbers";
import { useValidation } from "./checks";
import { CodeField } from "./CodeField";
import { place, print } from "./draft";
import { SaveDialog } from "./Save";
import { said } from "./steps";
import "./edit.css";

export function ModelEditPage() {
  const { name } = useParams<{ name?: string }>();
  const models = useModels();
  if (!name) return <Edit name="" path="" before="" start={"source: \nprimary_key: id\nsql: |\n  select id\n  from \n"} />;
  return <Asked of={models}>{(all) => <FileOf name={decodeURIComponent(name)} path={all.find((model) => model.name === decodeURIComponent(name))?.file ?? `models/${name}.yaml`} />}</Asked>;
}

function FileOf({ name, path }: { name: string; path: string }) {
  const file = useQuery({ queryKey: ["file", path], queryFn: ({ signal }) => answer(api.GET("/files/content", { signal, params: { query: { path } } })), staleTime: 0, gcTime: 0 });
  return <Asked of={file}>{(found) => <Edit name={name} path={path} before={found.text} start={found.text} version={found.version} />}</Asked>;
}

export interface ModelDraft { source: string; key: string; sql?: string; table?: string; dbt?: string; pii: string[]; description: string }
/** Of a .yaml file; of a .sql file the query, below its leading comment with the YAML. */
export function readModel(text: string): ModelDraft {
  const sqlFile = splitSql(text);
  const doc = parseDocument(sqlFile ? sqlFile.head : text);
  const spec: unknown = doc.errors.length ? {} : doc.toJS();
  const map = (typeof spec === "object" && spec !== null ? spec : {}) as Record<string, unknown>;
  const list = (value: unknown) => (Array.isArray(value) ? value.map(String) : value === undefined || value === null ? [] : [String(value)]);
  const word = (value: unknown) => (value === undefined || value === null ? undefined : String(value));
  return { source: word(map.source) ?? "", key: list(map.primary_key).join(", "), sql: sqlFile ? sqlFile.sql : word(map.sql), table: word(map.table), dbt: word(map.dbt), pii: list(map.pii), description: word(map.description) ?? "" };
}

/** A .sql file: YAML in a comment at its head (in one block, or in lines of dashes), and the query. */
function splitSql(text: string): { head: string; sql: string; dashes: boolean } | undefined {
  const block = /^\s*\/\*\n?([\s\S]*?)\*\/\n?/.exec(text);
  if (block) return { head: block[1] ?? "", sql: text.slice(block[0].length), dashes: false };
  const lines = /^\s*((?:--[^\n]*\n)+)/.exec(text);
  return lines ? { head: (lines[1] ?? "").replace(/^-- ?/gm, ""), sql: text.slice(lines[0].length), dashes: true } : undefined;
}

export function setModel(text: string, key: string, value: unknown): string {
  const sqlFile = splitSql(text);
  if (sqlFile) {
    if (key === "sql") return text.slice(0, text.length - sqlFile.sql.length) + String(value);
    const head = setModel(sqlFile.head, key, value);
    return sqlFile.dashes ? head.replace(/^(?=.)/gm, "-- ") + sqlFile.sql : `/*\n${head}*/\n${sqlFile.sql}`;
  }
  const doc = parseDocument(text);
  if (doc.errors.length || (doc.contents !== null && !isMap(doc.contents))) return text;
  if (value === undefined || value === "") doc.delete(key);
  else if (key === "sql") {
    const node = new Scalar(String(value).replace(/\s+$/, "") + "\n");
    node.type = Scalar.BLOCK_LITERAL;
    doc.set(key, node);
  } else doc.set(key, doc.createNode(value, { flow: true }));
  return print(doc, text);
}

function Edit({ name: given, path: givenPath, before, start, version }: { name: string; path: string; before: string; start: string; version?: string }) {
  const [, go] = useLocation();
  const then = useFilters().get("then");
  const [text, setText] = useState(start);
  const [name, setName] = useState(given);
  const [saving, setSaving] = useState(false);
  const sources = useSources().data;
  const draft = useMemo(() => readModel(text), [text]);
  const path = givenPath || `models/${name || "new_model"}.yaml`;
  const set = (key: string, value: unknown) => setText((old) => setModel(old, key, value));
  const only = sources?.length === 1 ? sources[0]?.name : undefined;
  useEffect(() => { if (!given && only && !draft.source) set("source", only); }, [only]);
  const edit = useMemo(() => ({ path, text, ...(version ? { version } : {}) }), [path, text, version]);
  const changed = text !== before;
  const { diagnostics } = useValidation(useMemo(() => (changed && draft.source ? [edit] : []), [changed, draft.source, edit]));
  const mine = useMemo(() => diagnostics.filter((each) => !each.file || each.file === path), [diagnostics, path]);
  const placed = useMemo(() => place(text, mine, path), [text, mine, path]);
  const tables = useQuery({ queryKey: ["tables", draft.source], enabled: !!sources?.some((source) => source.name === draft.source), retry: false, staleTime: 300_000, queryFn: ({ signal }) => answer(api.GET("/sources/{name}/tables", { signal, params: { path: { name: draft.source } } })) });
  const known = useMemo(() => Object.fromEntries((tables.data ?? []).map((table) => [table.table, table.columns.map((column) => column.name)])), [tables.data]);
  const preview = useMutation({ mutationFn: () => answer(api.POST("/preview", { body: { source: draft.source, sql: draft.sql ?? `select * from ${draft.table ?? ""}`, limit: 20, pii: draft.pii } })) });
  const nameError = name && !/^[A-Za-z][A-Za-z0-9_-]*$/.test(name) ? "Letters, digits, _ and -, and a letter first" : undefined;
  const columns = preview.data?.columns ?? [];
  return (
    <div className="stack wide">
      <header className="page-head">
        <h1>{given ? `Edit ${given}` : "New model"}</h1>
        <div className="row">
          <Button kind="quiet" onClick={() => history.back()}>Leave</Button>
          <Button kind="primary" icon={Save} disabled={!changed || !name || !!nameError} onClick={() => setSaving(true)}>Save</Button>
        </div>
      </header>
      <div className="pair">
        {!given && <Labeled label="Name" error={nameError} help="The file under models/, and what syncs say.">{(ids) => <input {...ids} value={name} onChange={(event) => setName(event.target.value)} />}</Labeled>}
        <Labeled label="Source" error={said(placed, "source")} help="The warehouse that is read.">{(ids) => <select {...ids} value={draft.source} onChange={(event) => set("source", event.target.value)}><option value="" disabled>Choose a source</option>{sources?.map((source) => <option key={source.name} value={source.name}>{source.name} ({source.type})</option>)}</select>}</Labeled>
        <Labeled label="Primary key" error={said(placed, "primary_key")} help="The column that tells rows apart; several with commas.">{(ids) => <input {...ids} value={draft.key} onChange={(event) => { const keys = event.target.value.split(/\s*,\s*/).filter(Boolean); set("primary_key", keys.length > 1 ? keys : keys[0] ?? ""); }} />}</Labeled>
        <Labeled label="What a row is" error={said(placed, "description")}>{(ids) => <input {...ids} value={draft.description} placeholder="One row a customer" onChange={(event) => set("description", event.target.value)} />}</Labeled>
      </div>
      {draft.sql !== undefined ? (
        <Section title="The query" more={<Button icon={Play} busy={preview.isPending} disabled={!draft.source} onClick={() => preview.mutate()}>Preview <kbd>Ctrl Enter</kbd></Button>}>
          <CodeField language="sql" label="The query" text={draft.sql} onChange={(sql) => set("sql", sql)} onRun={() => preview.mutate()} tables={known} />
          {said(placed, "sql") && <p className="field-error">{said(placed, "sql")}</p>}
          {tables.error && <p className="small soft">Names of tables cannot be completed: {(tables.error as Error).message}</p>}
        </Section>
      ) : (
        <Section title="Its file"><CodeField language={path.endsWith(".sql") ? "sql" : "yaml"} label={path} text={text} onChange={setText} diagnostics={mine} /></Section>
      )}
      {preview.error && <Trouble error={preview.error} />}
      {preview.data && (
        <Section title={`First ${plural(preview.data.rows.length, "row")}`}>
          <RowsTable rows={preview.data} label="First rows of the query" />
          <fieldset className="bare stack"><legend className="small soft">Personal columns are masked wherever values are kept or shown:</legend>
            <div className="row">{columns.map((column) => <label key={column.name} className="check"><input type="checkbox" checked={draft.pii.includes(column.name)} onChange={(event) => { const next = event.target.checked ? [...draft.pii, column.name] : draft.pii.filter((each) => each !== column.name); set("pii", next.length ? next : undefined); }} /><code>{column.name}</code></label>)}</div>
          </fieldset>
        </Section>
      )}
      {saving && <SaveDialog changes={[{ edit, before }]} diagnostics={diagnostics} suggested={given ? `Model ${given}: ` : `New model ${name}`} onClose={() => setSaving(false)} onSaved={() => go(then === "sync" ? `/syncs/new?model=${encodeURIComponent(name)}` : `/models/${encodeURIComponent(name)}`)} />}
    </div>
  );
}
