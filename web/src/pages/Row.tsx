// One row's story across runs: what was sent, what came back, and what happens next.
import { Play } from "lucide-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { answer, api, type Operation, type Trace } from "../api/client";
import { useSync, useTrace } from "../api/questions";
import { Body } from "../design/Json";
import { Ago, Asked, Button, CopyButton, StandingMark } from "../design/parts";
import { useMay } from "../frame/may";
import { sayProblem } from "../frame/toasts";
import { plural } from "../words/numbers";
import { formFields, plainly } from "../words/sayings";
import { outcome } from "../words/status";
import { exact, span } from "../words/times";
import { changesOf, FieldDiff } from "./FieldDiff";
import { runHref } from "./RunTable";
import { newKey } from "./sync/Ask";
import { Settle } from "./sync/Settle";
import "./row.css";

export function RowPage() {
  const params = useParams<{ name: string; key: string }>();
  const name = decodeURIComponent(params.name ?? "");
  const key = decodeURIComponent(params.key ?? "");
  const trace = useTrace(name, key);
  return (
    <div className="stack wide">
      <header className="page-head">
        <div className="stack sync-title">
          <h1>Row <span className="mono">{key}</span> <CopyButton text={key} label="Copy the key" /></h1>
          <p className="soft">of <Link href={`/syncs/${encodeURIComponent(name)}`}>{name}</Link></p>
        </div>
        <Another name={name} />
      </header>
      <Asked of={trace} lines={8}>{(found) => <Story trace={found} />}</Asked>
    </div>
  );
}

function Another({ name }: { name: string }) {
  const [, go] = useLocation();
  const [key, setKey] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim()) go(`/syncs/${encodeURIComponent(name)}/rows/${encodeURIComponent(key.trim())}`);
  };
  return <form className="row" role="search" onSubmit={submit}><input type="search" className="key-field" aria-label="The key of another row" placeholder="Another key" value={key} onChange={(event) => setKey(event.target.value)} /><Button type="submit">Look up</Button></form>;
}

function Story({ trace }: { trace: Trace }) {
  return (
    <>
      <WhatNext trace={trace} />
      <ol className="story">
        {[...trace.operations].sort((a, b) => b.at.localeCompare(a.at)).map((operation, index) => <Chapter key={`${operation.run}/${operation.at}/${index}`} operation={operation} open={index === 0} />)}
      </ol>
      {trace.operations.length === 0 && <p className="soft">Nothing was ever sent for this key.</p>}
    </>
  );
}

function WhatNext({ trace }: { trace: Trace }) {
  const may = useMay();
  const [, go] = useLocation();
  const sync = useSync(trace.sync).data;
  const [once] = useState(newKey);
  const run = useMutation({
    mutationFn: () => answer(api.POST("/runs", { params: { header: { "Idempotency-Key": once } }, body: { sync: trace.sync, key: trace.key, kind: trace.waiting ? "retry" : "run" } })),
    onSuccess: (started) => go(runHref(started)), onError: sayProblem,
  });
  return (
    <section className={`notice ${trace.waiting ? "warn" : ""}`} aria-label="What happens next">
      <div className="stack grow">
        <p><b>Now.</b> {trace.waiting?.kind === "in_doubt" ? "It was sent, and no answer came: nobody knows whether it arrived. Look there, then say what you found." : trace.now}</p>
        {trace.waiting && (
          <p>
            {trace.waiting.code && <code>{trace.waiting.code}</code>} {trace.waiting.message && <span title={trace.waiting.message}>“{plainly(trace.waiting.message)}” </span>}
            {trace.waiting.attempts !== undefined && <span className="soft">{plural(trace.waiting.attempts, "try", "tries")}{trace.waiting.since && <> since <Ago at={trace.waiting.since} /></>}. </span>}
            {trace.waiting.next_try && <span className="soft">Tried again at the earliest <Ago at={trace.waiting.next_try} />, or sooner when it changes.</span>}
          </p>
        )}
        {trace.waiting?.kind === "in_doubt" ? <Settle sync={trace.sync} tool={sync?.destination_title ?? "the destination"} rows={1} keys={[trace.key]} /> : may("run") && <div><Button icon={Play} busy={run.isPending} onClick={() => run.mutate()}>{trace.waiting ? "Try this row now" : "Run this row"}</Button></div>}
      </div>
    </section>
  );
}

/** A form's body as its fields, which are easier to read than "text=Firm%208". */
function sentForm(body: string): string {
  const fields = formFields(body);
  return fields ? JSON.stringify(fields) : body;
}

function Chapter({ operation, open }: { operation: Operation; open: boolean }) {
  const standing = outcome(operation.outcome);
  const payload = operation.payload as Record<string, unknown> | undefined;
  const before = operation.before as Record<string, unknown> | undefined;
  const { request } = operation;
  const differs = before !== undefined && Object.values(before).some((value) => value !== null && value !== undefined);
  return (
    <li className={`chapter tone-${standing.tone}`}>
      <details open={open}>
        <summary>
          <StandingMark standing={standing} bare />
          <b>{operation.change}</b>
          <span className="soft">{operation.why}</span>
          <span className="faint small when" title={exact(operation.at)}><Ago at={operation.at} /></span>
        </summary>
        <div className="stack chapter-body">
          {operation.error && <div className="trouble"><div>{operation.error.code && <code>{operation.error.code}</code>}<p title={operation.error.message}>“{plainly(operation.error.message ?? "")}”</p></div></div>}
          <p className="soft small row">
            <Link href={runHref({ run: operation.run })}>the run</Link>
            <span>{operation.operation}, {operation.attempt > 1 ? `try ${operation.attempt}` : "first try"}</span>
            {operation.status > 0 && <span>HTTP {operation.status}</span>}
            {operation.latency_ms >= 0.5 && <span>{span(operation.latency_ms / 1000)}</span>}
            {operation.record_id && <span>record <code>{operation.record_id}</code>{operation.created && ", created then"}</span>}
          </p>
          {payload && <div className="stack"><h2>{differs ? "What it changed" : "What was sent"}</h2><FieldDiff fields={changesOf(payload, before)} change={differs ? "changed" : "added"} /></div>}
          {operation.kept && <div className="stack"><h2>Left as others wrote it</h2><Body text={JSON.stringify(operation.kept)} label="Kept values" /></div>}
          {request && (
            <div className="stack">
              <h2>The request{request.rows ? `, with ${plural(request.rows, "row")}` : ""}</h2>
              <p className="mono request-line"><b>{request.method}</b> {request.url}</p>
              <div className="bodies">
                {request.body !== undefined && <Body text={sentForm(request.body)} label="Request" />}
                {request.reply !== undefined && <Body text={request.reply} label={`Reply ${request.status ?? ""}`} />}
              </div>
              {request.error && request.error !== operation.error?.message && <p className="tone-bad toned">{request.error}</p>}
              {request.body === undefined && request.reply === undefined && <p className="small faint">Bodies of failed requests are kept whole, of successful ones one in a hundred.</p>}
            </div>
          )}
        </div>
      </details>
    </li>
  );
}
