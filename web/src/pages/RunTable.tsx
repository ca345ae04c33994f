import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Run } from "../api/client";
import { Ago, Count, StandingMark } from "../design/parts";
import { MiniPipe } from "../pipe/Pipe";
import { type Column, DataTable } from "../table/DataTable";
import { count } from "../words/numbers";
import { isOver, status } from "../words/status";
import { span } from "../words/times";

export const runHref = (run: Pick<Run, "run">) => `/runs/${encodeURIComponent(run.run)}`;
const causes: Record<string, string> = { schedule: "by schedule", request: "on request", after: "after another", retry: "retry" };
const kinds: Record<string, string> = { run: "", full: "everything", baseline: "taken for sent", retry: "retry" };

/** Of a run that goes on the counts come with its end. */
const known = (run: Run, cell: ReactNode) => (isOver(run) ? cell : <span className="faint">–</span>);
const columns: Column<Run>[] = [
  { id: "started", title: "Started", phone: "first", sort: (a, b) => a.started.localeCompare(b.started), cell: (run) => <Link href={runHref(run)}><Ago at={run.started} /></Link> },
  { id: "sync", title: "Sync", wide: true, sort: (a, b) => a.sync.localeCompare(b.sync), cell: (run) => <Link href={`/syncs/${encodeURIComponent(run.sync)}`}>{run.sync}</Link> },
  { id: "status", title: "State", sort: (a, b) => a.status.localeCompare(b.status), cell: (run) => <StandingMark standing={status(run)} bare /> },
  { id: "pipe", title: "Flow", phone: "hide", cell: (run) => <MiniPipe run={run} /> },
  { id: "rows", title: "Rows", number: true, phone: "hide", sort: (a, b) => (a.rows ?? 0) - (b.rows ?? 0), cell: (run) => known(run, <Count n={run.rows} brief />) },
  { id: "sent", title: "Sent", number: true, sort: (a, b) => (a.sent ?? 0) - (b.sent ?? 0), cell: (run) => known(run, <Count n={run.sent} />) },
  { id: "accepted", title: "Accepted", number: true, sort: (a, b) => (a.accepted ?? 0) - (b.accepted ?? 0), cell: (run) => known(run, <Count n={run.accepted} />) },
  { id: "rejected", title: "Rejected", number: true, sort: (a, b) => (a.rejected ?? 0) - (b.rejected ?? 0), cell: (run) => (run.rejected ? <Link href={`${runHref(run)}/operations?outcome=rejected`} className="tone-bad toned">{count(run.rejected)}</Link> : known(run, <span className="faint">0</span>)) },
  { id: "invalid", title: "Invalid", number: true, phone: "hide", sort: (a, b) => (a.invalid ?? 0) - (b.invalid ?? 0), cell: (run) => (run.invalid ? count(run.invalid) : known(run, <span className="faint">0</span>)) },
  { id: "requests", title: "Requests", number: true, hidden: true, cell: (run) => <Count n={run.requests} /> },
  { id: "seconds", title: "Took", number: true, sort: (a, b) => (a.seconds ?? 0) - (b.seconds ?? 0), cell: (run) => (run.seconds === undefined ? "" : span(run.seconds)) },
  { id: "cause", title: "Why", phone: "hide", cell: (run) => (run.error ? <div className="tone-bad toned cut why" title={run.error}>{run.error}</div> : <span className="soft nowrap">{[kinds[run.kind] ?? run.kind, run.by ? `by ${run.by}` : causes[run.cause ?? ""] ?? run.cause].filter(Boolean).join(", ") || "by command"}</span>) },
  { id: "id", title: "Id", hidden: true, cell: (run) => <code>{run.run}</code> },
];

export function RunTable({ runs, name, without = [] }: { runs: readonly Run[]; name: string; without?: string[] }) {
  const shown = columns.filter((column) => !without.includes(column.id)).map((column) => (without.includes("sync") && column.id === "cause" ? { ...column, wide: true } : column));
  return <DataTable label="Runs" name={name} columns={shown} rows={runs} keyOf={(run) => run.run} hrefOf={runHref} />;
}
