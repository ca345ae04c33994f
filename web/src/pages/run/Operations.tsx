// What became of each row of a run: hundreds of thousands of them, filtered by the address.
import { useQueries, useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { Link, useParams } from "wouter";
import { answer, api, type Operation } from "../../api/client";
import { useRun } from "../../api/questions";
import { Asked, Button, Chip, Empty, Menu, StandingMark, Trouble } from "../../design/parts";
import { sayProblem } from "../../frame/toasts";
import { type Column, DataTable } from "../../table/DataTable";
import { useFilters } from "../../table/filters";
import { count } from "../../words/numbers";
import { outcome } from "../../words/status";
import { ofClockSeconds, span } from "../../words/times";
import { csvHead, csvLines, download, jsonLines } from "./export";

const PAGE = 200;
const PART = 100_000; // rows in one table: browsers end at some thirty million pixels
const outcomes = ["accepted", "rejected", "skipped", "in_doubt", "failed", "refused"] as const;
type Outcome = (typeof outcomes)[number];
interface Filter { outcome?: Outcome; key?: string; error?: string; search?: string }

const rowHref = (one: Operation) => `/syncs/${encodeURIComponent(one.sync)}/rows/${encodeURIComponent(one.key)}`;
const columns: Column<Operation>[] = [
  { id: "key", title: "Key", phone: "first", cell: (one) => <Link href={rowHref(one)} className="mono">{one.key}</Link> },
  { id: "outcome", title: "Outcome", cell: (one) => <StandingMark standing={outcome(one.outcome)} bare /> },
  { id: "change", title: "Change", cell: (one) => <span className="nowrap">{one.change}</span> },
  { id: "why", title: "Why, or what the destination said", wide: true, cell: (one) => (one.error ? <div className="cut" title={one.error.message}><code>{one.error.code}</code> {one.error.message}</div> : <div className="cut soft">{one.why}</div>) },
  { id: "status", title: "HTTP", number: true, cell: (one) => one.status || <span className="faint">–</span> },
  { id: "attempt", title: "Try", number: true, phone: "hide", cell: (one) => one.attempt },
  { id: "latency", title: "Took", number: true, phone: "hide", cell: (one) => span(one.latency_ms / 1000) },
  { id: "at", title: "At", phone: "hide", cell: (one) => <time dateTime={one.at} className="nowrap">{ofClockSeconds(one.at)}</time> },
  { id: "record", title: "Record", hidden: true, cell: (one) => <code>{one.record_id}</code> },
  { id: "operation", title: "Operation", hidden: true, cell: (one) => one.operation },
];

const ask = (id: string, filter: Filter, after: string | undefined, signal?: AbortSignal, limit = PAGE) =>
  answer(api.GET("/runs/{id}/operations", { signal, params: { path: { id }, query: { limit, ...filter, ...(after ? { after } : {}) } } }));

/** Rows of a part, of which only the pages in sight are asked for and kept: anywhere in a million is one question away. */
function useRows(id: string, filter: Filter, part: number) {
  const page = (number: number) => ({
    queryKey: ["operations", id, filter, number], gcTime: 20_000, structuralSharing: false,
    queryFn: ({ signal }: { signal: AbortSignal }) => ask(id, filter, number ? String(number * PAGE) : undefined, signal),
  });
  const [sight, setSight] = useState<{ first: number; last: number }>({ first: 0, last: 0 });
  const top = useQuery({ ...page(0), placeholderData: (before) => before });
  const total = top.data?.total ?? 0;
  const from = part * PART;
  const pages: number[] = [];
  for (let number = Math.floor((from + sight.first) / PAGE); number <= Math.floor((from + sight.last) / PAGE) && number * PAGE < total; number += 1) pages.push(number);
  const got = useQueries({ queries: pages.map(page) });
  const rows = new Array<Operation | undefined>(Math.max(0, Math.min(PART, total - from)));
  got.forEach((each, index) => each.data?.operations.forEach((one, at) => {
    const place = (pages[index] ?? 0) * PAGE + at - from;
    if (place >= 0 && place < rows.length) rows[place] = one;
  }));
  const onSight = useCallback((first: number, last: number) => setSight((old) => (old.first === first && old.last === last ? old : { first, last })), []);
  return { top, total, from, rows, onSight, error: got.find((each) => each.error)?.error };
}

export function OperationsPage() {
  const { id: coded = "" } = useParams<{ id: string }>();
  const id = decodeURIComponent(coded);
  const run = useRun(id).data;
  const { get, set } = useFilters();
  const filter: Filter = { outcome: outcomes.find((each) => each === get("outcome")), key: get("key") || undefined, error: get("error") || undefined, search: get("search") || undefined };
  const part = Math.max(0, Math.floor(Number(get("part")) || 1) - 1);
  const list = useRows(id, filter, part);
  const { total, from } = list;
  const search = useCallback((text: string) => set({ search: text, part: "" }), [set]);
  const filtered = (change: Record<string, string>) => set({ ...change, part: "" });
  const any = Object.values(filter).some(Boolean);
  return (
    <div className="stack wide">
      <header className="page-head">
        <h1>Every row{run && <> of <Link href={`/runs/${coded}`} className="plain">{run.sync}</Link></>}</h1>
        {list.top.data && <Export id={id} filter={filter} total={total} />}
      </header>
      <div className="filters" role="search">
        <Search value={get("search")} onChange={search} />
        <select aria-label="Outcome" value={filter.outcome ?? ""} onChange={(event) => filtered({ outcome: event.target.value })}>
          <option value="">Any outcome</option>
          {outcomes.map((each) => <option key={each} value={each}>{each === "refused" ? "all that did not go through" : outcome(each).word}</option>)}
        </select>
        {filter.error && <Chip label="error" onRemove={() => filtered({ error: "" })}>error: {filter.error}</Chip>}
        {filter.key && <Chip label="key" onRemove={() => filtered({ key: "" })}>key: {filter.key}</Chip>}
        {filter.outcome && <Chip label="outcome" onRemove={() => filtered({ outcome: "" })}>{outcome(filter.outcome).word}</Chip>}
        {list.top.data && <span className="small faint" aria-live="polite">{count(total)} {any ? "like this" : "rows"}</span>}
      </div>
      {total > PART && <Parts total={total} part={part} onChange={(next) => { set({ part: next ? String(next + 1) : "" }); scrollTo(0, 0); }} />}
      {list.error && <Trouble error={list.error} />}
      <Asked of={list.top} lines={10}>
        {(data) => {
          if (!data.total) return <Empty title={any ? "No row is like that" : "No row was sent"} action={any ? <Button onClick={() => filtered({ outcome: "", error: "", key: "", search: "" })}>Show all</Button> : undefined}>{any ? undefined : "Nothing had changed, or the run ended before it sent anything."}</Empty>;
          return <DataTable key={part} label="Rows of the run" name="operations" columns={columns} rows={list.rows} total={total} from={from} keyOf={(one) => `${one.key}/${one.attempt}/${one.operation}`} hrefOf={rowHref} onSight={list.onSight} rowHeight={38} />;
        }}
      </Asked>
    </div>
  );
}

/** Which hundred thousand: the first, the last, and those between. */
function Parts({ total, part, onChange }: { total: number; part: number; onChange: (part: number) => void }) {
  const last = Math.ceil(total / PART) - 1;
  return (
    <nav className="row" aria-label="Parts of the rows">
      <Button disabled={part <= 0} onClick={() => onChange(part - 1)}>Before</Button>
      <select aria-label="Which rows" value={part} onChange={(event) => onChange(Number(event.target.value))}>
        {Array.from({ length: last + 1 }, (_, index) => <option key={index} value={index}>rows {count(index * PART + 1)} to {count(Math.min(total, (index + 1) * PART))}</option>)}
      </select>
      <Button disabled={part >= last} onClick={() => onChange(part + 1)}>After</Button>
    </nav>
  );
}

/** Types ahead of the question: it is asked when somebody rests. */
export function Search({ value, onChange, label = "Search keys, values and messages" }: { value: string; onChange: (text: string) => void; label?: string }) {
  const [text, setText] = useState(value);
  const last = useRef(value);
  useEffect(() => {
    if (value !== last.current) setText((last.current = value));
  }, [value]);
  useEffect(() => {
    if (text === last.current) return;
    const timer = setTimeout(() => onChange((last.current = text)), 250);
    return () => clearTimeout(timer);
  }, [text, onChange]);
  return <input type="search" aria-label={label} placeholder="Search" value={text} onChange={(event) => setText(event.target.value)} />;
}

function Export({ id, filter, total }: { id: string; filter: Filter; total: number }) {
  const [done, setDone] = useState<number>();
  const stop = useRef<AbortController | undefined>(undefined);
  const take = async (form: "csv" | "jsonl") => {
    const pieces = form === "csv" ? [csvHead()] : [];
    let after: string | undefined;
    let sum = 0;
    stop.current = new AbortController();
    try {
      do {
        setDone(sum);
        const page = await ask(id, filter, after, stop.current.signal, 1000);
        pieces.push(form === "csv" ? csvLines(page.operations) : jsonLines(page.operations));
        sum += page.operations.length;
        after = page.next;
      } while (after);
      download(`${id}.${form}`, pieces, form === "csv" ? "text/csv" : "application/x-ndjson");
    } catch (error) {
      if (!(error instanceof DOMException)) sayProblem(error);
    }
    setDone(undefined);
  };
  if (done !== undefined) return <div className="row" role="status"><span className="soft">{count(done)} of {count(total)}</span><Button onClick={() => stop.current?.abort()}>Stop</Button></div>;
  return <Menu label="Export" icon={Download} choices={[{ title: "CSV", says: `${count(total)} rows, as filtered`, run: () => void take("csv") }, { title: "JSON lines", says: "With payloads, as penstock log --json", run: () => void take("jsonl") }]} />;
}
