// A run: live while it goes on, and what became of it afterwards.
import { useMutation } from "@tanstack/react-query";
import { ListTree, OctagonX } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Link, useParams } from "wouter";
import { answer, api, type Progress, type RunDetail } from "../../api/client";
import { type Moment, useMoments } from "../../api/events";
import { useRun, useSync } from "../../api/questions";
import { LineChart } from "../../charts/LineChart";
import { Ago, Asked, Button, ButtonLink, Count, Dialog, Said, Section, StandingMark, Trouble } from "../../design/parts";
import { useMay } from "../../frame/may";
import { Pipe } from "../../pipe/Pipe";
import { count, plural, rate, share } from "../../words/numbers";
import { isOver, status } from "../../words/status";
import { exact, span } from "../../words/times";
import { Ask } from "../sync/Ask";
import { RefusedGroups } from "../sync/Refused";
import { Settle } from "../sync/Settle";
import { doneOf, heldBack, latencies, limitUse, paceOf, requestsOverTime, rowsOverTime } from "./live";
import "./run.css";

export function RunPage() {
  const { id = "" } = useParams<{ id: string }>();
  const run = useRun(decodeURIComponent(id));
  return <Asked of={run} lines={8}>{(found) => <Full run={found} />}</Asked>;
}

const kinds: Record<string, string> = { run: "", full: "everything again", baseline: "taking the model for sent", retry: "with waiting rows" };

function Full({ run }: { run: RunDetail }) {
  const moments = useMoments(run.run);
  const latest = moments.at(-1)?.progress ?? run.progress;
  const progress = latest && { ...latest, rows_per_second: paceOf(moments, latest) };
  const live = !isOver(run);
  const href = `/runs/${encodeURIComponent(run.run)}`;
  return (
    <div className="stack wide">
      <header className="page-head">
        <div className="stack sync-title">
          <h1><Link href={`/syncs/${encodeURIComponent(run.sync)}`} className="plain">{run.sync}</Link></h1>
          <div className="row">
            <StandingMark standing={status(run)} />
            <span className="soft" title={exact(run.started)}>{run.status === "queued" ? "asked for" : "started"} <Ago at={run.started} /></span>
            {run.seconds !== undefined && !live && <span className="soft">took {span(run.seconds)}</span>}
            {kinds[run.kind] !== "" && <span className="soft">{kinds[run.kind] ?? run.kind}</span>}
            {run.by && <span className="soft">by {run.by}</span>}
            {run.approved_by && <span className="soft">plan approved by {run.approved_by}</span>}
            {run.confirmed && <span className="tone-warn toned">past {run.confirmed}</span>}
            <code className="faint small">{run.run}</code>
          </div>
        </div>
        <div className="row">
          <ButtonLink icon={ListTree} href={`${href}/operations`}>Every row</ButtonLink>
          {live && <Cancel run={run} />}
        </div>
      </header>
      {run.error && !run.guard && <div className="trouble" role="alert"><div className="stack"><strong>{run.error}</strong>{run.status === "stopped" && <span className="soft">Nothing was sent. <Link href={`/syncs/${encodeURIComponent(run.sync)}?do=plan`}>Plan it again, and look at the rows.</Link></span>}{run.status === "failed" && <span className="soft">What was accepted before is recorded; the next run goes on from there.</span>}</div></div>}
      {run.guard && <GuardStop run={run} />}
      <section className="panel padded" aria-label="The run as a pipe"><Pipe run={run} progress={progress} links={{ run: href }} /></section>
      {live ? <Live progress={progress} moments={moments} queued={run.status === "queued"} /> : <Over run={run} moments={moments} />}
    </div>
  );
}

function Cancel({ run }: { run: RunDetail }) {
  const may = useMay();
  const [asking, setAsking] = useState(false);
  const cancel = useMutation({ mutationFn: () => answer(api.POST("/runs/{id}/cancel", { params: { path: { id: run.run } } })), onSuccess: () => setAsking(false) });
  if (!may("run")) return null;
  return (
    <>
      <Button kind="danger" icon={OctagonX} busy={cancel.isSuccess} onClick={() => setAsking(true)}>{cancel.isSuccess ? "Ending" : "Cancel"}</Button>
      {asking && (
        <Dialog title="End this run" onClose={() => setAsking(false)} actions={<><Button kind="quiet" onClick={() => setAsking(false)}>Let it go on</Button><Button kind="danger" busy={cancel.isPending} onClick={() => cancel.mutate()}>End it</Button></>}>
          <p>Requests that are under way are finished and recorded; no new ones are begun. What was accepted stays accepted, and the next run sends the rest.</p>
          {cancel.error && <Trouble error={cancel.error} />}
        </Dialog>
      )}
    </>
  );
}

function GuardStop({ run }: { run: RunDetail }) {
  const sync = useSync(run.sync).data;
  const may = useMay();
  const [past, setPast] = useState(false);
  if (!run.guard) return null;
  return (
    <div className="notice warn">
      <div className="stack grow">
        <div><strong>Guard {run.guard.guard}.</strong> {run.guard.message}. Nothing was sent.{run.guard.remedy && <p><Said text={run.guard.remedy} /></p>}</div>
        {may("run") && sync && <div><Button onClick={() => setPast(true)}>Run once past {run.guard.guard}</Button></div>}
        {past && sync && <Ask action="run" sync={sync} confirm={[run.guard.guard]} onClose={() => setPast(false)} />}
      </div>
    </div>
  );
}

const Figure = ({ title, children, small, tone = "" }: { title: string; children: ReactNode; small?: ReactNode; tone?: string }) => (
  <div className={`figure ${tone}`}><dt>{title}</dt><dd>{children}{small && <small>{small}</small>}</dd></div>
);

function Live({ progress, moments, queued }: { progress?: Progress; moments: readonly Moment[]; queued: boolean }) {
  if (queued || !progress) return <p className="soft">{queued ? "It waits for its turn: other runs write to the same account, or all workers are busy." : "It begins."}</p>;
  const done = doneOf(progress);
  const toSend = progress.to_send ?? 0;
  const held = heldBack(progress);
  const limit = limitUse(moments);
  const left = progress.rows_per_second && toSend > done ? (toSend - done) / progress.rows_per_second : 0;
  return (
    <>
      <div className="stack">
        <progress value={toSend ? done / toSend : undefined} max={1} aria-label={toSend ? `${share(done, toSend)} done` : progress.stage} />
        <dl className="figures">
          <Figure title="Done" small={toSend ? `of ${count(toSend)}, ${share(done, toSend)}` : progress.stage}>{count(done)}</Figure>
          <Figure title="Pace" small={left ? `${span(left)} left` : undefined}>{rate(progress.rows_per_second)}</Figure>
          <Figure title="Running">{span(progress.seconds)}</Figure>
          <Figure title="Requests" small={`${count(progress.in_flight)} under way`}><Count n={progress.requests} brief /></Figure>
          <Figure title="Told to wait" small={`${plural(progress.retries ?? 0, "retry", "retries")}`} tone={progress.throttled ? "tone-warn" : ""}>{count(progress.throttled)}</Figure>
          <Figure title="Rejected" tone={progress.rejected ? "tone-bad" : ""}>{count(progress.rejected)}</Figure>
        </dl>
        {held && <p className="notice warn">{held}</p>}
      </div>
      {moments.length > 2 && progress.stage !== "planning" && (
        <div className="charts">
          <Section title="Rows"><LineChart series={rowsOverTime(moments)} unit="rows per second" label="Rows per second over the run" /></Section>
          {limit
            ? <Section title="Requests against the limit"><LineChart series={limit.series} limit={limit.limit} unit={limit.unit} label={`Of the limit: ${limit.unit}`} /></Section>
            : <Section title="Requests"><LineChart series={requestsOverTime(moments)} unit="requests per second" label="Requests per second" /></Section>}
          {progress.latency_ms && <Section title="How long replies take"><LineChart series={latencies(moments)} unit="ms" label="Latency of requests in milliseconds" /></Section>}
        </div>
      )}
    </>
  );
}

function Over({ run, moments }: { run: RunDetail; moments: readonly Moment[] }) {
  const total = (run.stages ?? []).reduce((sum, stage) => sum + stage.seconds, 0) || 1;
  return (
    <>
      <dl className="figures">
        <Figure title="Accepted" small={`of ${count(run.sent)} sent`}>{count(run.accepted)}</Figure>
        <Figure title="Rejected" tone={run.rejected ? "tone-bad" : ""}>{count(run.rejected)}</Figure>
        <Figure title="Invalid" tone={run.invalid ? "tone-bad" : ""}>{count(run.invalid)}</Figure>
        <Figure title="Waiting">{count(run.waiting)}</Figure>
        <Figure title="In doubt" tone={run.in_doubt ? "tone-warn" : ""}>{count(run.in_doubt)}</Figure>
        <Figure title="Requests" small={run.throttled ? `told to wait ${count(run.throttled)} times` : undefined}>{count(run.requests)}</Figure>
      </dl>
      {(run.refused?.length ?? 0) > 0 && <Section title="Refused by the destination" id="refused"><RefusedGroups sync={run.sync} groups={run.refused ?? []} /></Section>}
      {(run.in_doubt ?? 0) > 0 && <div className="notice warn"><div className="stack grow"><InDoubt run={run} /></div></div>}
      {(run.invalid_rows?.length ?? 0) > 0 && <InvalidRows sync={run.sync} rows={run.invalid_rows ?? []} />}
      {moments.length > 4 && <Section title="Rows per second"><LineChart series={rowsOverTime(moments)} unit="rows per second" label="Rows per second over the run" /></Section>}
      {(run.stages?.length ?? 0) > 0 && (
        <Section title="Where the time went">
          <table className="times"><tbody>{run.stages?.map((stage) => <tr key={stage.stage}><th scope="row">{stage.stage}</th><td><meter value={stage.seconds / total} aria-label={`${stage.stage}: ${share(stage.seconds, total)}`} /></td><td className="number">{span(stage.seconds)}</td></tr>)}</tbody></table>
        </Section>
      )}
      {(run.notes?.length ?? 0) > 0 && <Section title="Notes"><ul className="stack">{run.notes?.map((note) => <li key={note} className="prose">{note}</li>)}</ul></Section>}
    </>
  );
}

/** What this run left in doubt, and what of it still is. */
function InDoubt({ run }: { run: RunDetail }) {
  const sync = useSync(run.sync).data;
  const then = `${plural(run.in_doubt ?? 0, "row")} in doubt: sent, and no answer came.`;
  if (!sync) return <span>{then}</span>;
  if (sync.in_doubt === 0) return <span>{then} Somebody has said since what became of {run.in_doubt === 1 ? "it" : "them"}.</span>;
  return <><span>{then} Look in {sync.destination_title ?? sync.destination}, then say what you found of {sync.in_doubt === 1 ? "the row that is" : `all ${plural(sync.in_doubt, "row")} that are`} in doubt now.</span><Settle sync={run.sync} tool={sync.destination_title ?? sync.destination} rows={sync.in_doubt} /></>;
}

export function InvalidRows({ sync, rows }: { sync: string; rows: readonly { key: string; reason: string; rows?: number }[] }) {
  return (
    <Section title="Invalid: not sent by us" id="invalid">
      <ul className="panel lines">
        {rows.map((row) => <li key={row.key + row.reason}><b className="nowrap">{plural(row.rows ?? 1, "row")}</b><span className="grow">{row.reason}</span><Link href={`/syncs/${encodeURIComponent(sync)}/rows/${encodeURIComponent(row.key)}`} className="mono">{row.key}</Link></li>)}
      </ul>
    </Section>
  );
}
