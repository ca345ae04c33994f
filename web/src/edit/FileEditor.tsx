// Any file of the project as text.
import { useQuery } from "@tanstack/react-query";
import { Save } from "lucide-react";
import { useMemo, useState } from "react";
import { useLocation } from "wouter";
import { answer, api } from "../api/client";
import { Asked, Button, Section } from "../design/parts";
import { useMay } from "../frame/may";
import { CommitList } from "../pages/CommitList";
import { useValidation } from "./checks";
import { CodeField } from "./CodeField";
import { SaveDialog } from "./Save";
import "./edit.css";

export function FilePage() {
  const [at] = useLocation();
  const path = at.replace(/^\/files\//, "").split("/").map(decodeURIComponent).join("/");
  const file = useQuery({ queryKey: ["file", path], queryFn: ({ signal }) => answer(api.GET("/files/content", { signal, params: { query: { path } } })), staleTime: 0 });
  return <Asked of={file}>{(found) => <Edit key={found.version} path={path} before={found.text} version={found.version} />}</Asked>;
}

function Edit({ path, before, version }: { path: string; before: string; version: string }) {
  const may = useMay();
  const [text, setText] = useState(before);
  const [saving, setSaving] = useState(false);
  const edit = useMemo(() => ({ path, text, version }), [path, text, version]);
  const changed = text !== before;
  const { diagnostics } = useValidation(useMemo(() => [edit], [edit]));
  const mine = useMemo(() => diagnostics.filter((each) => each.file === path), [diagnostics, path]);
  const log = useQuery({ queryKey: ["git-log", path], queryFn: ({ signal }) => answer(api.GET("/git/log", { signal, params: { query: { path, limit: 20 } } })) });
  return (
    <div className="stack wide">
      <header className="page-head">
        <h1 className="mono">{path}</h1>
        {may("edit") && <div className="row">{changed && <Button kind="quiet" onClick={() => setText(before)}>Undo all</Button>}<Button kind="primary" icon={Save} disabled={!changed} onClick={() => setSaving(true)}>Save</Button></div>}
      </header>
      <CodeField language={path.endsWith(".sql") ? "sql" : "yaml"} label={path} text={text} onChange={setText} diagnostics={mine} readOnly={!may("edit")} tall />
      {mine.length > 0 && <ul className="stack">{mine.map((each, index) => <li key={index} className={each.severity === "error" ? "tone-bad toned" : "tone-warn toned"}><code>{each.line}:{each.column}</code> {each.message} {each.hint}</li>)}</ul>}
      {log.data && log.data.length > 0 && <Section title="Its history"><CommitList commits={log.data} path={path} /></Section>}
      {saving && <SaveDialog changes={[{ edit, before }]} diagnostics={diagnostics} suggested="" onClose={() => setSaving(false)} onSaved={() => setSaving(false)} />}
    </div>
  );
}
