// The tabs of a sync's page.
import { useQuery } from "@tanstack/react-query";
import { Pencil } from "lucide-react";
import { Link } from "wouter";
import { answer, api, type Mapped, type SyncDetail } from "../../api/client";
import { useRuns } from "../../api/questions";
import { OutcomeChart } from "../../charts/OutcomeChart";
import { Code } from "../../design/Code";
import { useNow } from "../../design/now";
import { Asked, ButtonLink, Chip, Empty, Wide } from "../../design/parts";
import { useMay } from "../../frame/may";
import { isOver } from "../../words/status";
import { CommitList } from "../CommitList";
import { RunTable } from "../RunTable";

export function RunsTab({ sync }: { sync: SyncDetail }) {
  const runs = useRuns({ sync: sync.name });
  const now = useNow();
  return (
    <Asked of={runs}>
      {(all) => all.length === 0
        ? <Empty title="It was never run" example={`penstock run ${sync.name} --limit 1`}>A first run with one row shows whether the destination takes it.</Empty>
        : (
          <div className="stack wide">
            {all.some(isOver) && <OutcomeChart runs={all} now={now} label={`Rows that ${sync.name} moved over time`} />}
            <RunTable runs={all} name="sync-runs" without={["sync"]} />
          </div>
        )}
    </Asked>
  );
}

export function whence(mapped: Mapped) {
  if (mapped.sql !== undefined) return <code className="sql">{mapped.sql}</code>;
  if (mapped.from !== undefined) return <code>{mapped.from}</code>;
  if (mapped.message !== undefined) return <code className="sql">{mapped.message}</code>;
  return <>always <code>{JSON.stringify(mapped.value)}</code></>;
}

const writes: Record<string, string> = { on_create: "only when the record is created", if_empty: "only if it is empty there", if_unchanged: "only if nobody else changed it", always: "always" };

export function MappingTab({ sync }: { sync: SyncDetail }) {
  const rows = [...sync.match.map((mapped) => ({ mapped, match: true })), ...sync.fields.map((mapped) => ({ mapped, match: false }))];
  return (
    <Wide label="The mapping">
      <table className="plain-table">
        <thead><tr><th scope="col">Field of {sync.destination_title ?? sync.destination}</th><th scope="col">from the model {sync.model}</th><th scope="col">How it is written</th></tr></thead>
        <tbody>
          {rows.map(({ mapped, match }) => (
            <tr key={mapped.field + match}>
              <th scope="row"><code>{mapped.field}</code> {match && <Chip>finds the record</Chip>} {mapped.pii && <span className="chip still" title="Personal: masked wherever values are shown">masked</span>}</th>
              <td>{whence(mapped)}{mapped.transforms?.length ? <span className="soft"> → {mapped.transforms.join(" → ")}</span> : null}</td>
              <td className="soft">{match ? "is looked up, and set on new records" : writes[mapped.write ?? "always"] ?? mapped.write}{mapped.null === "omit" ? "; NULL leaves it alone" : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

const guardWords: Record<string, string> = {
  max_removed: "at most so many of the rows may be removed", max_changed: "at most so many may change", max_added: "at most so many may be new", max_rejected: "the run ends when more are refused",
  max_invalid: "at most so many may be invalid", max_requests: "at most so many requests", max_quota: "at most so much of the day's allowance", empty_model: "a model that had rows and has none: stop sends nothing, allow takes all of them for removed", model_columns: "what to do when the model's columns change",
};

export function ScheduleTab({ sync }: { sync: SyncDetail }) {
  const removed: Record<string, string> = { ignore: "are left as they are", delete: "are deleted at the destination", clear: "get their mapped fields cleared" };
  return (
    <dl className="facts panel padded">
      <dt>Schedule</dt><dd>{sync.schedule ?? "none: it runs on request"}{sync.paused && <b> (paused)</b>}</dd>
      <dt>Mode</dt><dd>{sync.mode}</dd>
      <dt>Rows that left the model</dt><dd>{sync.mode === "mirror" ? "are deleted at the destination (mirror)" : removed[sync.on_removed ?? "ignore"] ?? sync.on_removed}</dd>
      <dt>Guards</dt>
      <dd>{Object.keys(sync.guards ?? {}).length ? <ul className="stack">{Object.entries(sync.guards ?? {}).map(([name, value]) => <li key={name}><code>{name}: {value}</code> <span className="soft">{guardWords[name]}</span></li>)}</ul> : "none: no plan is too large for it"}</dd>
      <dt>Approval</dt><dd>{sync.approve ? "A person approves of each plan before it is sent" : "not needed"}</dd>
      <dt>Alerts</dt><dd>{sync.alerts?.length ? sync.alerts.map((name) => <Link key={name} href="/alerts">{name}</Link>) : "nobody is told"}</dd>
      <dt>Source</dt><dd><Link href={`/models/${encodeURIComponent(sync.model)}`}>{sync.model}</Link>{sync.source && <> in {sync.source}</>}</dd>
      <dt>File</dt><dd><Link href={`/files/${sync.file}`} className="mono">{sync.file}</Link></dd>
    </dl>
  );
}

export function HistoryTab({ sync }: { sync: SyncDetail }) {
  const log = useQuery({ queryKey: ["git-log", sync.file], queryFn: ({ signal }) => answer(api.GET("/git/log", { signal, params: { query: { path: sync.file, limit: 50 } } })) });
  return <Asked of={log}>{(commits) => (commits.length ? <CommitList commits={commits} path={sync.file} /> : <Empty title="No commits yet" example="git init">The project is not in git, or this file is not committed. In git every change of it is kept here, with who made it and why.</Empty>)}</Asked>;
}

export function YamlTab({ sync }: { sync: SyncDetail }) {
  const may = useMay();
  return (
    <div className="stack">
      <div className="row apart"><Link href={`/files/${sync.file}`} className="mono">{sync.file}</Link>{may("edit") && <ButtonLink icon={Pencil} href={`/syncs/${encodeURIComponent(sync.name)}/edit`}>Edit</ButtonLink>}</div>
      <Code text={sync.yaml ?? ""} language="yaml" label={sync.file} />
    </div>
  );
}
