// Is everything flowing, what needs me, what will happen next.
import { useQueries } from "@tanstack/react-query";
import { ArrowRight } from "lucide-react";
import { Link } from "wouter";
import { answer, api, type RefusedGroup, type Run, type Sync } from "../api/client";
import { useMoments } from "../api/events";
import { OVERVIEW_RUNS, useProject, useRuns, useSyncs } from "../api/questions";
import { OutcomeChart } from "../charts/OutcomeChart";
import { useNow } from "../design/now";
import { Ago, Asked, ButtonLink, Section, ShapeMark, Skeleton, StandingMark } from "../design/parts";
import { useMay } from "../frame/may";
import { count, plural, rate, share } from "../words/numbers";
import { reasonOf } from "../words/sayings";
import { health, needsPerson, urgency } from "../words/status";
import { span } from "../words/times";
import { paceOf } from "./run/live";
import { NoSyncs } from "./NoSyncs";
import { SyncTable, syncHref } from "./SyncTable";
import "./overview.css";

const RUNS = OVERVIEW_RUNS;

export function Overview() {
  const syncs = useSyncs();
  return <Asked of={syncs} lines={8} tall>{(all) => (all.length ? <Full syncs={all} /> : <><h1 className="unseen">Overview</h1><Problems /><NoSyncs /></>)}</Asked>;
}

function Full({ syncs }: { syncs: Sync[] }) {
  const now = useNow();
  const troubled = syncs.filter(needsPerson).sort((a, b) => urgency(a) - urgency(b));
  const running = syncs.filter((sync) => sync.running);
  const runs = useRuns({ limit: RUNS }).data;
  return (
    <div className="stack wide overview">
      <Problems />
      <header className="headline">
        <Headline syncs={syncs} troubled={troubled.length} />
        <p className="soft">{runs ? lately(runs, now) : "\u00a0"}{running.length ? ` ${plural(running.length, "run")} ${running.length === 1 ? "goes" : "go"} on now.` : ""}</p>
      </header>
      {running.length > 0 && <div className="live-runs">{running.slice(0, 4).map((sync) => <LiveRun key={sync.name} sync={sync} />)}</div>}
      <div className="overview-columns">
        <NeedsYou troubled={troubled} />
        <Next syncs={syncs} now={now} />
      </div>
      <Section title="Rows over time" more={<div className="legend"><span><i />accepted</span><span><i className="bad" />refused or invalid</span></div>}>
        {runs ? <OutcomeChart runs={runs} now={now} hours={known(runs, now)} label="Rows accepted and refused lately" /> : <Skeleton lines={4} />}
      </Section>
      <Section title="All syncs" id="all"><SyncTable syncs={syncs} /></Section>
    </div>
  );
}

/** So many hours back we know of every run, a day at most: only the newest ones were asked for. */
function known(runs: readonly Run[], now: number): number {
  const oldest = runs.at(-1);
  if (!oldest || runs.length < RUNS) return 24;
  return Math.max(0.25, Math.min(24, (now - Date.parse(oldest.started)) / 3_600_000));
}

function lately(runs: readonly Run[], now: number): string {
  const hours = known(runs, now);
  const recent = runs.filter((run) => now - Date.parse(run.started) < hours * 3_600_000);
  const accepted = recent.reduce((sum, run) => sum + (run.accepted ?? 0), 0);
  return `${plural(accepted, "row")} accepted in the last ${hours < 1.5 ? `${Math.round(hours * 60)} minutes` : `${Math.round(hours)} hours`} by ${plural(recent.length, "run")}.`;
}

function Headline({ syncs, troubled }: { syncs: Sync[]; troubled: number }) {
  const flowing = syncs.filter((sync) => sync.health === "healthy" || sync.health === "running").length;
  if (troubled === 0) return <h1><ShapeMark shape="check" tone="good" /> Everything flows.</h1>;
  return <h1>{count(flowing)} of {plural(syncs.length, "sync")} flow. {count(troubled)} {troubled === 1 ? "needs" : "need"} you.</h1>;
}

function Problems() {
  const { data } = useProject();
  const errors = data?.problems.filter((each) => each.severity === "error") ?? [];
  if (errors.length === 0) return null;
  return (
    <div className="trouble" role="alert">
      <ShapeMark shape="cross" tone="bad" />
      <div className="stack">
        <strong>The project's files have {plural(errors.length, "mistake")}; the last valid ones are in effect.</strong>
        <ul>{errors.slice(0, 5).map((each, index) => <li key={index}>{each.file && <Link href={`/files/${each.file}`} className="mono">{[each.file, each.line, each.column].filter(Boolean).join(":")}</Link>} {each.message} <span className="soft">{each.hint}</span></li>)}</ul>
      </div>
    </div>
  );
}

function LiveRun({ sync }: { sync: Sync }) {
  const moments = useMoments(sync.running ?? "");
  const last = moments.at(-1)?.progress;
  const moment = last && { ...last, rows_per_second: paceOf(moments, last) };
  const done = (moment?.accepted ?? 0) + (moment?.rejected ?? 0) + (moment?.skipped ?? 0);
  const part = moment?.to_send ? done / moment.to_send : 0;
  return (
    <Link href={`/runs/${encodeURIComponent(sync.running ?? "")}`} className="panel live-run">
      <span className="row apart"><b className="cut">{sync.name}</b><StandingMark standing={health({ health: "running" })} bare /></span>
      <progress value={part} max={1} aria-label={`${sync.name}: ${share(done, moment?.to_send ?? 0)}`} />
      <span className="small soft">{moment ? (moment.to_send ? `${count(done)} of ${count(moment.to_send)} rows${moment.rows_per_second ? ` · ${rate(moment.rows_per_second)}` : ""}${left(moment.to_send - done, moment.rows_per_second)}` : `${moment.stage}, ${span(moment.seconds)}`) : "begins"}</span>
    </Link>
  );
}
const left = (rows: number, perSecond?: number) => (perSecond && rows > 0 ? ` · ${span(rows / perSecond)} left` : "");

const SHOWN = 6;
function NeedsYou({ troubled }: { troubled: Sync[] }) {
  const groups = alike(troubled);
  const shown = groups.slice(0, SHOWN).map(([first]) => first).filter((sync) => sync !== undefined);
  // Only the few that are shown are asked for their reasons.
  const partial = shown.filter((sync) => sync.health === "partial");
  const reasons = useQueries({ queries: partial.map((sync) => ({ queryKey: ["refused", sync.name], queryFn: () => answer(api.GET("/syncs/{name}/refused", { params: { path: { name: sync.name } } })) })) });
  return (
    <Section title={troubled.length ? `Needs you (${count(troubled.length)})` : "Needs you"} more={groups.length > SHOWN ? <a href="#all">The rest is below</a> : undefined}>
      {shown.length === 0 && <p className="calm panel padded"><ShapeMark shape="check" tone="good" /> Nothing needs a person now.</p>}
      <ul className="needs panel" hidden={shown.length === 0}>
        {shown.map((sync) => <Need key={sync.name} sync={sync} others={(groups.find(([first]) => first === sync)?.length ?? 1) - 1} reason={reasons[partial.indexOf(sync)]?.data?.[0]} groups={reasons[partial.indexOf(sync)]?.data?.length} />)}
      </ul>
    </Section>
  );
}

function Need({ sync, others, reason, groups }: { sync: Sync; others: number; reason?: RefusedGroup; groups?: number }) {
  const standing = health(sync);
  return (
    <li>
      <ShapeMark shape={standing.shape} tone={standing.tone} />
      <div className="grow">
        <div><Link href={syncHref(sync.name)} className="strong">{sync.name}</Link>{others > 0 && <> and <Link href={`/syncs?health=${sync.health}&destination=${encodeURIComponent(sync.destination)}`}>{plural(others, "other")}</Link></>} <span className={`tone-${standing.tone} toned`}>{standing.word.toLowerCase()}</span> <span className="faint small"><Ago at={sync.late_since ?? sync.last_run?.started} /></span></div>
        <p className="soft why">{why(sync, reason, groups)}</p>
      </div>
      <NextStep sync={sync} />
    </li>
  );
}

/** Syncs that stand still for the same reason are one thing for a person: one token that has ended stops them all. */
function alike(troubled: Sync[]): Sync[][] {
  const groups = new Map<string, Sync[]>();
  for (const sync of troubled) {
    const key = sync.health === "failed" && sync.last_run?.error ? `${sync.destination}\0${sync.last_run.error}` : sync.name;
    groups.set(key, [...(groups.get(key) ?? []), sync]);
  }
  return [...groups.values()];
}

function why(sync: Sync, reason?: RefusedGroup, groups = 0): string {
  if (sync.in_doubt && reason?.outcome !== "rejected") return `${plural(sync.in_doubt, "row")} sent without an answer: nobody knows whether they arrived`;
  if (reason) return `${plural(reason.rows, "row")}: ${reasonOf(reason)}${groups > 1 ? `; and ${plural(groups - 1, "other reason")}` : ""}`;
  if (sync.health === "late") return `Should have run ${sync.schedule ?? "by now"}; the last good data is older`;
  return sync.last_run?.error ?? `${plural((sync.last_run?.rejected ?? 0) + (sync.last_run?.invalid ?? 0), "row")} refused or invalid in the last run`;
}

function NextStep({ sync }: { sync: Sync }) {
  const may = useMay();
  const run = sync.last_run && `/runs/${encodeURIComponent(sync.last_run.run)}`;
  if (sync.health === "stopped" && may("run")) return <ButtonLink href={`${syncHref(sync.name)}?do=plan`}>Plan</ButtonLink>;
  if (sync.health === "late" && may("run")) return <ButtonLink href={`${syncHref(sync.name)}?do=run`}>Run</ButtonLink>;
  if (sync.health === "failed" && run) return <ButtonLink href={run}>See the run</ButtonLink>;
  return <ButtonLink href={syncHref(sync.name)}>See the rows</ButtonLink>;
}

function Next({ syncs, now }: { syncs: Sync[]; now: number }) {
  const next = syncs.filter((sync) => sync.next_run && !sync.paused && !sync.running && Date.parse(sync.next_run) > now - 60_000).sort((a, b) => (a.next_run ?? "").localeCompare(b.next_run ?? ""));
  return (
    <Section title="Next">
      {next.length === 0 && <p className="calm panel padded soft">No sync has a schedule; they run on request.</p>}
      <ol className="next panel" hidden={next.length === 0}>
        {next.slice(0, 7).map((sync) => (
          <li key={sync.name}>
            <span className="when"><Ago at={sync.next_run} /></span>
            <Link href={syncHref(sync.name)} className="grow cut">{sync.name}</Link>
            <span className="faint small cut">{expected(sync)}</span>
          </li>
        ))}
        {next.length > 7 && <li><Link href="/syncs" className="row small">and {count(next.length - 7)} more <ArrowRight size={13} aria-hidden /></Link></li>}
      </ol>
    </Section>
  );
}

/** So many rows as its runs usually send; of one that never came to its end nothing is known. */
function expected(sync: Sync): string {
  const sent = (sync.last_runs ?? []).filter((run) => run.kind !== "full" && (run.status === "succeeded" || run.status === "partial")).map((run) => run.sent ?? 0).sort((a, b) => a - b);
  return sent.length ? `about ${plural(sent[Math.floor(sent.length / 2)] ?? 0, "row")}` : "";
}
