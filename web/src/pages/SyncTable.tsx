// The syncs as a table: what carries what where, how it stands, when it goes next. Search and filters in the address.
import { Link } from "wouter";
import type { Sync } from "../api/client";
import { RunBars } from "../charts/RunBars";
import { Ago, Chip, Count, StandingMark } from "../design/parts";
import { MiniPipe } from "../pipe/Pipe";
import { type Column, DataTable } from "../table/DataTable";
import { useFilters } from "../table/filters";
import { count } from "../words/numbers";
import { health, urgency } from "../words/status";

export const syncHref = (name: string) => `/syncs/${encodeURIComponent(name)}`;
const refusedOf = (sync: Sync) => (sync.last_run?.rejected ?? 0) + (sync.last_run?.invalid ?? 0);
const time = (at?: string) => (at ? Date.parse(at) : 0);

const columns: Column<Sync>[] = [
  { id: "sync", title: "Sync", wide: true, phone: "first", sort: (a, b) => a.name.localeCompare(b.name),
    cell: (sync) => (
      <>
        <Link href={syncHref(sync.name)}>{sync.name}</Link>
        <div className="small soft cut">{sync.model} → {sync.destination_title ?? sync.destination} {sync.object}</div>
      </>
    ) },
  { id: "health", title: "State", sort: (a, b) => urgency(a) - urgency(b), cell: (sync) => <StandingMark standing={health(sync)} bare /> },
  { id: "pipe", title: "Last run", phone: "hide", cell: (sync) => <MiniPipe run={sync.last_run} /> },
  { id: "sent", title: "Sent", number: true, sort: (a, b) => (a.last_run?.sent ?? 0) - (b.last_run?.sent ?? 0), cell: (sync) => (sync.last_run ? <Count n={sync.last_run.sent} brief /> : <span className="faint">–</span>) },
  { id: "refused", title: "Refused", number: true, sort: (a, b) => refusedOf(a) - refusedOf(b), cell: (sync) => (refusedOf(sync) ? <span className="tone-bad toned">{count(refusedOf(sync))}</span> : <span className="faint">0</span>) },
  { id: "waiting", title: "Waiting", number: true, phone: "hide", sort: (a, b) => a.waiting - b.waiting, cell: (sync) => (sync.waiting ? count(sync.waiting) : <span className="faint">0</span>) },
  { id: "runs", title: "Runs", phone: "hide", cell: (sync) => <RunBars runs={sync.last_runs} /> },
  { id: "fresh", title: "Fresh", sort: (a, b) => time(a.fresh_at) - time(b.fresh_at), cell: (sync) => <Ago at={sync.fresh_at} /> },
  { id: "next", title: "Next", still: true, sort: (a, b) => (time(a.next_run) || 9e15) - (time(b.next_run) || 9e15), cell: (sync) => (sync.running ? <span className="soft">running</span> : sync.paused ? <span className="faint">paused</span> : <Ago at={sync.next_run} none={sync.schedule ? "by schedule" : "on request"} />) },
  { id: "schedule", title: "Schedule", hidden: true, phone: "hide", cell: (sync) => sync.schedule ?? "on request" },
  { id: "owner", title: "Owner", hidden: true, sort: (a, b) => (a.owner ?? "").localeCompare(b.owner ?? ""), cell: (sync) => sync.owner ?? "" },
  { id: "tags", title: "Tags", hidden: true, cell: (sync) => sync.tags?.join(", ") },
  { id: "mode", title: "Mode", hidden: true, cell: (sync) => sync.mode },
  { id: "accepted", title: "Held there", hidden: true, number: true, sort: (a, b) => a.accepted - b.accepted, cell: (sync) => <Count n={sync.accepted} brief /> },
];

const filterNames = ["destination", "health", "owner", "tag", "model"] as const;
export function chosen(syncs: readonly Sync[], get: (name: string) => string): Sync[] {
  const search = get("q").toLowerCase().trim();
  return syncs.filter((sync) =>
    (!search || [sync.name, sync.model, sync.destination, sync.destination_title, sync.object, sync.description, sync.owner].some((text) => text?.toLowerCase().includes(search))) &&
    (!get("destination") || sync.destination === get("destination")) && (!get("health") || sync.health === get("health")) && (!get("owner") || sync.owner === get("owner")) &&
    (!get("tag") || sync.tags?.includes(get("tag"))) && (!get("model") || sync.model === get("model")));
}
const several = (values: (string | undefined)[]) => [...new Set(values.filter((value): value is string => !!value))].sort();

export function SyncTable({ syncs }: { syncs: readonly Sync[] }) {
  const { get, set } = useFilters();
  const rows = chosen(syncs, get).sort((a, b) => urgency(a) - urgency(b) || a.name.localeCompare(b.name));
  const choice = (name: string, title: string, values: string[], word = (value: string) => value) =>
    values.length > 1 && (
      <select aria-label={title} value={get(name)} onChange={(event) => set({ [name]: event.target.value })}>
        <option value="">{title}</option>
        {values.map((value) => <option key={value} value={value}>{word(value)}</option>)}
      </select>
    );
  const active = filterNames.filter((name) => get(name));
  return (
    <div className="stack">
      <div className="filters" role="search">
        <input type="search" aria-label="Search the syncs" placeholder="Search" value={get("q")} onChange={(event) => set({ q: event.target.value })} />
        {choice("health", "Any state", several(syncs.map((sync) => sync.health)), (value) => health({ health: value as Sync["health"] }).word)}
        {choice("destination", "Any destination", several(syncs.map((sync) => sync.destination)))}
        {choice("owner", "Any owner", several(syncs.map((sync) => sync.owner)))}
        {choice("tag", "Any tag", several(syncs.flatMap((sync) => sync.tags ?? [])))}
        {active.map((name) => <Chip key={name} label={name} onRemove={() => set({ [name]: "" })}>{name}: {name === "health" ? health({ health: get(name) as Sync["health"] }).word : get(name)}</Chip>)}
        <span className="small faint" aria-live="polite">{rows.length === syncs.length ? `${count(syncs.length)} syncs` : `${count(rows.length)} of ${count(syncs.length)} syncs`}</span>
      </div>
      {rows.length > 0
        ? <DataTable label="Syncs" name="syncs" columns={columns} rows={rows} keyOf={(sync) => sync.name} hrefOf={(sync) => syncHref(sync.name)} rowHeight={57} />
        : <p className="soft">No sync is like that. <button type="button" className="button quiet" onClick={() => set({ q: "", destination: "", health: "", owner: "", tag: "", model: "" })}>Show all</button></p>}
    </div>
  );
}
