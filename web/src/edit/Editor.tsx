// The editor of a sync: a form and its YAML, both ways. Saving is a commit.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Save } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { answer, api } from "../api/client";
import { useSync, useSyncs } from "../api/questions";
import { Asked, Button, CommandLine, Labeled, Section } from "../design/parts";
import { useFilters } from "../table/filters";
import { plural } from "../words/numbers";
import { useRested, useValidation } from "./checks";
import { CodeField } from "./CodeField";
import { type Draft, place, readDraft, setIn } from "./draft";
import { Mapping } from "./Mapping";
import { SaveDialog } from "./Save";
import { sentence } from "./sentence";
import { DestinationStep, ModelStep, RecordsStep, ScheduleStep, type StepProps } from "./steps";
import "./edit.css";

const PREVIEW = "preview_of_the_editor.yaml"; // what the server calls the sync that is being written
const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;

export function EditorPage() {
  const { name } = useParams<{ name?: string }>();
  return name ? <Existing name={decodeURIComponent(name)} /> : <New />;
}

function New() {
  const { get } = useFilters();
  const model = get("model");
  const destination = get("destination");
  const start = `${model ? `model: ${model}\n` : ""}${destination ? `destination: ${destination}\n` : ""}mode: upsert\n`;
  return <Edit before="" start={start} />;
}

function Existing({ name }: { name: string }) {
  const sync = useSync(name);
  return <Asked of={sync}>{(found) => <FileOf name={name} path={found.file} />}</Asked>;
}

function FileOf({ name, path }: { name: string; path: string }) {
  const file = useQuery({ queryKey: ["file", path], queryFn: ({ signal }) => answer(api.GET("/files/content", { signal, params: { query: { path } } })), staleTime: 0, gcTime: 0 });
  if (!path.endsWith(`${name}.yaml`) && !path.endsWith(`${name}.yml`))
    return <div className="stack"><p className="prose">{name} stands with others in <code>{path}</code>. The form edits files that hold one sync; <Link href={`/files/${path}`}>edit the file</Link> instead.</p></div>;
  return <Asked of={file}>{(found) => <Edit name={name} before={found.text} start={found.text} version={found.version} path={path} />}</Asked>;
}

function Edit({ name: given, before, start, version, path: givenPath }: { name?: string; before: string; start: string; version?: string; path?: string }) {
  const [, go] = useLocation();
  const [yaml, setYaml] = useState(start);
  const [name, setName] = useState(given ?? "");
  const [touched, setTouched] = useState(false); // whether somebody has chosen the name
  const [saving, setSaving] = useState(false);
  const syncs = useSyncs().data ?? [];
  const read = useMemo(() => readDraft(yaml), [yaml]);
  const [last, setLast] = useState<Draft>();
  const draft = read.draft ?? last;
  useEffect(() => { if (read.draft) setLast(read.draft); }, [read.draft]);
  const suggestedName = draft?.model && draft.destination ? `${draft.model}_to_${draft.destination}` : "";
  useEffect(() => { if (!given && !touched && suggestedName) setName(suggestedName); }, [given, touched, suggestedName]);
  const path = givenPath ?? `syncs/${name || "new_sync"}.yaml`;
  const edit = useMemo(() => ({ path, text: yaml, ...(version ? { version } : {}) }), [path, yaml, version]);
  const changed = yaml !== before;
  const { diagnostics, checked } = useValidation(useMemo(() => (changed && !read.error ? [edit] : []), [changed, read.error, edit]));
  const mistakes = useMemo(() => (read.error ? [{ severity: "error" as const, file: path, line: read.error.line, message: read.error.message }] : diagnostics.filter((each) => !each.file || each.file === path)), [read.error, diagnostics, path]);
  const sample = useSample(draft, yaml, !mistakes.some((each) => each.severity === "error"));
  // What is found only when the model is opened: a column that is not there, SQL that does not fit.
  const found = sample.data?.diagnostics;
  const begun = !!given || !!(draft?.model && draft.destination && draft.object); // nobody is told what they have not come to yet
  const shownDiagnostics = useMemo(() => [...mistakes.filter((each) => begun || each.line !== undefined && !/ is missing in a sync/.test(each.message)), ...(found ?? []).filter((each) => each.file?.endsWith(PREVIEW) && !mistakes.some((other) => other.message === each.message)).map((each) => ({ ...each, file: path }))], [mistakes, found, path, begun]);
  const placed = useMemo(() => place(yaml, shownDiagnostics, path), [yaml, shownDiagnostics, path]);
  const errors = shownDiagnostics.filter((each) => each.severity === "error");
  const taken = !given && syncs.some((sync) => sync.name === name);
  const nameError = !name ? undefined : !NAME.test(name) ? "Letters, digits, _ and -, and a letter first" : taken ? "There is a sync of this name" : undefined;
  useEffect(() => {
    if (!changed) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [changed]);
  const set = (at: string[], value: unknown) => setYaml((old) => setIn(old, at, value));
  const step: StepProps | undefined = draft && { draft, set, placed, sample: sample.data, name };
  return (
    <div className="stack wide">
      <header className="page-head editor-head">
        <div className="stack sync-title">
          <h1>{given ? <>Edit {given}</> : "New sync"}</h1>
          <p className="soft" aria-live="polite">{errors.length ? <span className="tone-bad toned">{plural(errors.length, "thing")} to mend</span> : !begun ? "Nothing is changed until you save." : changed ? checked ? "Valid. Nothing is changed until you save." : "Checking" : "Nothing is changed"}</p>
        </div>
        <div className="row">
          <Button kind="quiet" onClick={() => go(given ? `/syncs/${encodeURIComponent(given)}` : "/syncs")}>Leave</Button>
          <Button kind="primary" icon={Save} disabled={!changed || !name || !!nameError || !!read.error} onClick={() => setSaving(true)}>Save</Button>
        </div>
      </header>
      {draft && <p className="sentence prose">{sentence(draft)}</p>}
      <div className="editor">
        <div className="stack wide editor-form">
          {read.error && <div className="notice warn" role="alert">The YAML cannot be read{read.error.line ? ` at line ${read.error.line}` : ""}: {read.error.message}. The form follows again when it is mended.</div>}
          {step && (
            <fieldset disabled={!!read.error} className="stack wide bare">
              <ModelStep {...step} />
              <DestinationStep {...step} />
              <Mapping {...step} previewError={sample.error} previewing={sample.isFetching} />
              <RecordsStep {...step} />
              <ScheduleStep {...step} />
              {!given && (
                <Section title="6  Its name">
                  <Labeled label="Name" error={nameError} help="The file under syncs/, and what people type: penstock run NAME.">{(ids) => <input {...ids} value={name} onChange={(event) => { setTouched(true); setName(event.target.value); }} />}</Labeled>
                </Section>
              )}
            </fieldset>
          )}
        </div>
        <aside className="editor-yaml" aria-label="As YAML">
          <div className="row apart"><h2 className="mono small">{path}</h2><span className="small faint">both ways</span></div>
          <CodeField language="yaml" label={`YAML of ${path}`} text={yaml} onChange={setYaml} diagnostics={shownDiagnostics} tall />
          {given && <CommandLine text={`penstock plan ${given}`} />}
        </aside>
      </div>
      {saving && <SaveDialog changes={[{ edit, before }]} diagnostics={diagnostics} suggested={given ? `${given}: ` : `New sync ${name}`} onClose={() => setSaving(false)} onSaved={() => go(`/syncs/${encodeURIComponent(name)}`)} />}
    </div>
  );
}

/** Three real rows through the mapping as it stands, when somebody rests and there is nothing to mend. */
function useSample(draft: Draft | undefined, yaml: string, valid: boolean) {
  const ready = !!draft?.model && valid;
  const mapped = !!draft?.destination && !!draft.object && draft.fields.length + draft.match.length > 0;
  const body = JSON.stringify({ model: draft?.model, limit: 3, ...(mapped ? { sync: yaml } : {}) });
  const rested = useRested(body, 700);
  return useQuery({
    queryKey: ["sample", rested], enabled: ready && rested === body, retry: false, placeholderData: keepPreviousData,
    queryFn: ({ signal }) => answer(api.POST("/preview", { signal, body: JSON.parse(rested) as { model: string; sync?: string; limit: number } })),
  });
}
