// A sync: what it does, how it stands, what needs a person, and what can be done.
import { CirclePlay, CirclePause, ClipboardList, Database, History, Pencil, Play, RefreshCw, Undo2 } from "lucide-react";
import { useEffect, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import type { RefusedGroup, SyncDetail } from "../../api/client";
import { useMoments } from "../../api/events";
import { useRefused, useRun, useSync } from "../../api/questions";
import { Ago, Asked, Button, ButtonLink, Chip, Menu, Said, Section, StandingMark, TabLinks } from "../../design/parts";
import { useMay } from "../../frame/may";
import { Pipe } from "../../pipe/Pipe";
import { useFilters } from "../../table/filters";
import { plural } from "../../words/numbers";
import { health, status } from "../../words/status";
import { span } from "../../words/times";
import { Ask, useStartPlan } from "./Ask";
import { type Action, explain } from "./explain";
import { RefusedGroups } from "./Refused";
import { Settle } from "./Settle";
import { HistoryTab, MappingTab, RunsTab, ScheduleTab, YamlTab } from "./tabs";
import "./sync.css";

export function SyncPage() {
  const { name = "", tab = "" } = useParams<{ name: string; tab?: string }>();
  const sync = useSync(decodeURIComponent(name));
  return <Asked of={sync} lines={8}>{(found) => <Full sync={found} tab={tab} />}</Asked>;
}

const tabs = { "": "Runs", mapping: "Mapping", schedule: "Schedule & guards", history: "History", yaml: "YAML" } as const;

function Full({ sync, tab }: { sync: SyncDetail; tab: string }) {
  const base = `/syncs/${encodeURIComponent(sync.name)}`;
  const refused = useRefused(sync.name);
  const groups = (refused.data ?? []).filter((group) => group.outcome !== "in_doubt" || sync.in_doubt === 0); // these have a notice of their own
  return (
    <div className="stack wide">
      <Head sync={sync} base={base} />
      {sync.sentence && <p className="sentence prose">{sync.sentence}</p>}
      <LastRun sync={sync} />
      <NeedsYou sync={sync} groups={groups} doubtful={refused.data?.find((group) => group.outcome === "in_doubt")} />
      <div className="stack">
        <TabLinks label="About this sync" here={tab ? `${base}/${tab}` : base} tabs={Object.entries(tabs).map(([id, title]) => ({ href: id ? `${base}/${id}` : base, title }))} />
        {tab === "" && <RunsTab sync={sync} />}
        {tab === "mapping" && <MappingTab sync={sync} />}
        {tab === "schedule" && <ScheduleTab sync={sync} />}
        {tab === "history" && <HistoryTab sync={sync} />}
        {tab === "yaml" && <YamlTab sync={sync} />}
      </div>
    </div>
  );
}

function Head({ sync, base }: { sync: SyncDetail; base: string }) {
  const may = useMay();
  const [, go] = useLocation();
  const filters = useFilters();
  const wanted = filters.get("do");
  const [action, setAction] = useState<Action | undefined>(wanted === "run" ? "run" : undefined);
  const plan = useStartPlan();
  const startPlan = plan.mutate;
  useEffect(() => {
    if (!wanted) return;
    filters.set({ do: "" });
    if (wanted === "plan") startPlan({ sync: sync.name });
    // once, when the page is opened by such a link
  }, []);
  const choice = (of: Action, icon: typeof Play) => ({ title: explain(of, sync).title, says: explain(of, sync).short, icon, run: () => setAction(of), disabled: of === "retry" && sync.waiting === 0 });
  return (
    <header className="page-head">
      <div className="stack sync-title">
        <h1>{sync.model} <span className="arrow">→</span> {sync.destination_title ?? sync.destination} {sync.object}</h1>
        <div className="row">
          <StandingMark standing={health(sync)} />
          <span className="soft">fresh <Ago at={sync.fresh_at} /></span>
          {sync.late_since && <span className="tone-warn toned">late since <Ago at={sync.late_since} /></span>}
          <span className="soft">{sync.running ? <Link href={`/runs/${encodeURIComponent(sync.running)}`}>a run goes on</Link> : sync.paused ? "rests until it is resumed" : sync.next_run ? <>next <Ago at={sync.next_run} /></> : "runs on request"}</span>
          {sync.owner && <span className="soft">owner {sync.owner}</span>}
          {sync.tags?.map((tag) => <Link key={tag} href={`/syncs?tag=${encodeURIComponent(tag)}`} className="plain"><Chip>{tag}</Chip></Link>)}
        </div>
      </div>
      <div className="row">
        {may("edit") && <ButtonLink href={`${base}/edit`} icon={Pencil}>Edit</ButtonLink>}
        {may("run") && <Button icon={ClipboardList} busy={plan.isPending} onClick={() => plan.mutate({ sync: sync.name })}>Plan</Button>}
        {may("run") && (
          <span className="split">
            <Button kind="primary" icon={Play} onClick={() => (sync.running ? go(`/runs/${encodeURIComponent(sync.running)}`) : setAction("run"))}>{sync.running ? "See the run" : "Run"}</Button>
            <Menu label="More ways to run" kind="primary" face={<span className="unseen">More</span>} choices={[
              choice("retry", Undo2), choice("full", RefreshCw), choice("baseline", Database), sync.paused ? choice("resume", CirclePlay) : choice("pause", CirclePause),
              { title: "What it did", says: "All of its runs", icon: History, run: () => go(`/runs?sync=${encodeURIComponent(sync.name)}`) },
            ]} />
          </span>
        )}
      </div>
      {action && <Ask action={action} sync={sync} onClose={() => setAction(undefined)} />}
    </header>
  );
}

function LastRun({ sync }: { sync: SyncDetail }) {
  const id = sync.running ?? sync.last_run?.run ?? "";
  const run = useRun(id);
  const progress = useMoments(id).at(-1)?.progress;
  if (!id) return <div className="panel padded soft">No run yet. Plan it to see what the first one would send.</div>;
  const shown = run.data ?? (sync.last_run?.run === id ? { ...sync.last_run, invalid_rows: [] } : undefined);
  if (!shown) return <div className="panel padded pipe" />;
  const href = `/runs/${encodeURIComponent(id)}`;
  return (
    <section className="panel padded stack" aria-label="The last run">
      <div className="row apart">
        <div className="row"><Link href={href} className="strong">{sync.running ? "This run" : "Last run"}</Link><StandingMark standing={status(shown)} bare /><span className="soft"><Ago at={shown.started} />{shown.seconds !== undefined && `, took ${span(shown.seconds)}`}</span></div>
        {shown.error && <span className="tone-bad toned cut">{shown.error}</span>}
      </div>
      <Pipe run={shown} progress={progress ?? shown.progress} links={{ run: href }} />
    </section>
  );
}

function NeedsYou({ sync, groups, doubtful }: { sync: SyncDetail; groups: RefusedGroup[]; doubtful?: RefusedGroup }) {
  const may = useMay();
  const guard = useRun(sync.last_run?.status === "stopped" ? sync.last_run.run : "").data?.guard;
  const [past, setPast] = useState(false);
  const plan = useStartPlan();
  const number = groups.length + (sync.in_doubt ? 1 : 0) + (sync.last_run?.status === "stopped" ? 1 : 0) + (sync.last_run?.status === "failed" ? 1 : 0);
  if (!number) return null;
  return (
    <Section title={`Needs you (${number})`} id="refused">
      {sync.last_run?.status === "stopped" && (
        <div className="trouble">
          <div className="stack grow">
            <div><strong>{guard ? `Guard ${guard.guard}: ${guard.message}` : sync.last_run.error}</strong>{guard?.remedy && <p><Said text={guard.remedy} /></p>}<p className="soft">Nothing was sent.</p></div>
            {may("run") && <div className="row"><Button icon={ClipboardList} busy={plan.isPending} onClick={() => plan.mutate({ sync: sync.name })}>Plan, and look at the rows</Button>{guard && <Button kind="danger" onClick={() => setPast(true)}>Run once past {guard.guard}</Button>}</div>}
          </div>
          {past && guard && <Ask action="run" sync={sync} confirm={[guard.guard]} onClose={() => setPast(false)} />}
        </div>
      )}
      {sync.last_run?.status === "failed" && <div className="trouble"><div className="stack grow"><div><strong>{sync.last_run.error}</strong><p className="soft"><Ago at={sync.last_run.started} />. What was accepted before is recorded; the next run goes on from there.</p></div><div><ButtonLink href={`/runs/${encodeURIComponent(sync.last_run.run)}`}>See the run</ButtonLink></div></div></div>}
      {sync.in_doubt > 0 && (
        <div className="notice warn"><div className="stack grow"><div><strong>{plural(sync.in_doubt, "row")} in doubt.</strong> {sync.in_doubt === 1 ? "It was" : "They were"} sent, and no answer came: nobody knows whether {sync.in_doubt === 1 ? "it" : "they"} arrived. Look in {sync.destination_title ?? sync.destination}, then say what you found.{doubtful && <p className="soft">“{doubtful.message}”</p>}</div>{doubtful && <p className="row keys-of"><span className="soft">{doubtful.rows > doubtful.keys.length ? "Such as" : doubtful.rows === 1 ? "Its key" : "Their keys"}</span>{doubtful.keys.map((key) => <Link key={key} href={`/syncs/${encodeURIComponent(sync.name)}/rows/${encodeURIComponent(key)}`} className="mono">{key}</Link>)}</p>}<Settle sync={sync.name} tool={sync.destination_title ?? sync.destination} rows={sync.in_doubt} /></div></div>
      )}
      {groups.length > 0 && <RefusedGroups sync={sync.name} groups={groups} />}
    </Section>
  );
}
