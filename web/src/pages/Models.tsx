import { useQuery } from "@tanstack/react-query";
import { Pencil, Plus } from "lucide-react";
import { Link, useParams } from "wouter";
import { answer, api, type Model } from "../api/client";
import { useModels } from "../api/questions";
import { Code } from "../design/Code";
import { Asked, ButtonLink, Chip, Empty, Section } from "../design/parts";
import { RowsTable } from "../design/RowsTable";
import { useMay } from "../frame/may";
import { type Column, DataTable } from "../table/DataTable";
import { useFilters } from "../table/filters";
import { count } from "../words/numbers";

const href = (name: string) => `/models/${encodeURIComponent(name)}`;
const columns: Column<Model>[] = [
  { id: "name", title: "Model", phone: "first", sort: (a, b) => a.name.localeCompare(b.name), cell: (model) => <Link href={href(model.name)}>{model.name}</Link> },
  { id: "description", title: "What a row is", wide: true, cell: (model) => <div className="cut soft">{model.description}</div> },
  { id: "source", title: "Source", sort: (a, b) => a.source.localeCompare(b.source), cell: (model) => model.source },
  { id: "key", title: "Key", cell: (model) => <code>{model.primary_key.join(", ")}</code> },
  { id: "by", title: "By", cell: (model) => (model.dbt ? "dbt" : model.table ? "table" : "SQL") },
  { id: "syncs", title: "Syncs", number: true, sort: (a, b) => (a.syncs?.length ?? 0) - (b.syncs?.length ?? 0), cell: (model) => count(model.syncs?.length) },
  { id: "owner", title: "Owner", hidden: true, cell: (model) => model.owner ?? "" },
];

export function ModelsPage() {
  const models = useModels();
  const may = useMay();
  const { get, set } = useFilters();
  const search = get("q").toLowerCase();
  return (
    <div className="stack wide">
      <div className="page-head"><h1>Models</h1>{may("edit") && <ButtonLink kind="primary" icon={Plus} href="/models/new">New model</ButtonLink>}</div>
      <Asked of={models}>
        {(all) => all.length === 0
          ? <Empty title="No model yet" example="penstock preview customers" action={may("edit") && <ButtonLink kind="primary" href="/models/new">Write the first</ButtonLink>}>A model is a query on your warehouse with a primary key: each of its rows is one customer, one account, one event. Syncs send its rows to tools.</Empty>
          : (
            <div className="stack">
              <div className="filters" role="search"><input type="search" aria-label="Search the models" placeholder="Search" value={get("q")} onChange={(event) => set({ q: event.target.value })} /></div>
              <DataTable label="Models" name="models" columns={columns} rows={all.filter((model) => !search || [model.name, model.description, model.source, model.sql].some((text) => text?.toLowerCase().includes(search)))} keyOf={(model) => model.name} hrefOf={(model) => href(model.name)} />
            </div>
          )}
      </Asked>
    </div>
  );
}

export function ModelPage() {
  const { name: coded = "" } = useParams<{ name: string }>();
  const name = decodeURIComponent(coded);
  const models = useModels();
  return <Asked of={models}>{(all) => { const model = all.find((each) => each.name === name); return model ? <Full model={model} /> : <Empty top title={`There is no model ${name}`} action={<ButtonLink href="/models">All models</ButtonLink>} />; }}</Asked>;
}

function Full({ model }: { model: Model }) {
  const may = useMay();
  const preview = useQuery({ queryKey: ["preview", model.name], retry: false, queryFn: ({ signal }) => answer(api.GET("/models/{name}/preview", { signal, params: { path: { name: model.name }, query: { limit: 20 } } })) });
  return (
    <div className="stack wide">
      <header className="page-head">
        <div className="stack sync-title"><h1>{model.name}</h1>{model.description && <p className="soft">{model.description}</p>}</div>
        <div className="row">
          {may("edit") && <ButtonLink icon={Pencil} href={`${href(model.name)}/edit`}>Edit</ButtonLink>}
          {may("edit") && <ButtonLink icon={Plus} kind="primary" href={`/syncs/new?model=${encodeURIComponent(model.name)}`}>New sync of it</ButtonLink>}
        </div>
      </header>
      <dl className="facts">
        <dt>Source</dt><dd>{model.source}</dd>
        <dt>Primary key</dt><dd><code>{model.primary_key.join(", ")}</code></dd>
        {model.owner && <><dt>Owner</dt><dd>{model.owner}</dd></>}
        {model.table && <><dt>Table</dt><dd><code>{model.table}</code></dd></>}
        {model.dbt && <><dt>dbt model</dt><dd><code>{model.dbt}</code></dd></>}
        <dt>Masked</dt><dd>{model.pii?.length ? <span className="row">{model.pii.map((column) => <Chip key={column}>{column}</Chip>)}</span> : "nothing is marked as personal"}</dd>
        <dt>Syncs</dt><dd className="row">{model.syncs?.length ? model.syncs.map((sync) => <Link key={sync} href={`/syncs/${encodeURIComponent(sync)}`}>{sync}</Link>) : "none yet"}</dd>
        {model.file && <><dt>File</dt><dd><Link href={`/files/${model.file}`} className="mono">{model.file}</Link></dd></>}
      </dl>
      {model.sql && <Section title="Its query"><Code text={model.sql} language="sql" label="the query" /></Section>}
      <Section title="First rows"><Asked of={preview}>{(rows) => <RowsTable rows={rows} label={`First rows of ${model.name}`} />}</Asked></Section>
    </div>
  );
}
