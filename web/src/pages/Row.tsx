// One row's story across runs: what was sent, what came back, and what happens next.
import { Play } from "lucide-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { answer, api, type Operation, type Trace } from "../api/client";
import { useTrace } from "../api/questions";
import { Body } from "../design/Json";
import { Ago, Asked, Button, CopyButton, StandingMark } from "../design/parts";
import { useMay } from "../frame/may";
import { sayProblem } from "../frame/toasts";
import { plural } from "../words/numbers";
import { outcome } from "../words/status";
import { exact, span } from "../words/times";
import { changesOf, FieldDiff } from "./FieldDiff";
import { runHref } from "./RunTable";
import { newKey } from "./sync/Ask";
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
  const [once] = useState(newKey);
  const run = useMutation({
    mutationFn: () => answer(api.POST("/runs", { params: { header: { "Idempotency-Key": once } }, body: { sync: trace.sync, key: trace.key, kind: trace.waiting ? "retry" : "run" } })),
    onSuccess: (started) => go(runHref(started)), onError: sayProblem,
  });
  return (
    <section className={`notice ${trace.waiting ? "warn" : ""}`} aria-label="What happens next">
      <div className="stack grow">
        <p><b>Now.</b> {trace.now}</p>
        {trace.waiting && (
          <p>
            {trace.waiting.code && <code>{trace.waiting.code}</code>} {trace.waiting.message && <>“{trace.waiting.message}” </>}
            {trace.waiting.attempts !== undefined && <span className="soft">{plural(trace.waiting.attempts, "try", "tries")}{trace.waiting.since && <> since <Ago at={trace.waiting.since} /></>}. </span>}
            {trace.waiting.next_try && <span className="soft">Tried again at the earliest <Ago at={trace.waiting.next_try} />, or sooner when it changes.</span>}
          </p>
        )}
        {may("run") && <div><Button icon={Play} busy={run.isPending} onClick={() => run.mutate()}>{trace.waiting ? "Try this row now" : "Run this row"}</Button></div>}
      </div>
    </section>
  );
}

function Chapter({ operation, open }: { operation: Operation; open: boolean }) {
  const standing = outcome(operation.outcome);
  const payload = operation.payload as Record<string, unknown> | undefined;
  const before = operation.before as Record<string, unknown> | undefined;
  const { request } = operation;
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
          {operation.error && <div className="trouble"><div><code>{operation.error.code}</code><p>“{operation.error.message}”</p></div></div>}
          <p className="soft small row">
            <Link href={runHref({ run: operation.run })}>the run</Link>
            <span>{operation.operation}, {operation.attempt > 1 ? `try ${operation.attempt}` : "first try"}</span>
            {operation.status > 0 && <span>HTTP {operation.status}</span>}
            <span>{span(operation.latency_ms / 1000)}</span>
            {operation.record_id && <span>record <code>{operation.record_id}</code>{operation.created && ", created then"}</span>}
          </p>
          {payload && <div className="stack"><h2>{before ? "What it changed" : "What was sent"}</h2><FieldDiff fields={changesOf(payload, before)} change={before ? "changed" : "added"} /></div>}
          {operation.kept && <div className="stack"><h2>Left as others wrote it</h2><Body text={JSON.stringify(operation.kept)} label="Kept values" /></div>}
          {request && (
            <div className="stack">
              <h2>The request{request.rows ? `, with ${plural(request.rows, "row")}` : ""}</h2>
              <p className="mono request-line"><b>{request.method}</b> {request.url}</p>
              <div className="bodies">
                {request.body !== undefined && <Body text={request.body} label="Request" />}
                {request.reply !== undefined && <Body text={request.reply} label={`Reply ${request.status ?? ""}`} />}
              </div>
              {request.error && <p className="tone-bad toned">{request.error}</p>}
              {request.body === undefined && request.reply === undefined && <p className="small faint">Bodies of failed requests are kept whole, of successful ones one in a hundred.</p>}
            </div>
          )}
        </div>
      </details>
    </li>
  );
}
