// What became of each row of a run: hundreds of thousands of them, filtered by the address.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { Link, useParams } from "wouter";
import { answer, api, type Operation } from "../../api/client";
import { useRun } from "../../api/questions";
import { Asked, Button, Chip, Empty, Menu, StandingMark } from "../../design/parts";
import { sayProblem } from "../../frame/toasts";
import { type Column, DataTable } from "../../table/DataTable";
import { useFilters } from "../../table/filters";
import { count } from "../../words/numbers";
import { outcome } from "../../words/status";
import { ofClockSeconds, span } from "../../words/times";
import { csvHead, csvLines, download, jsonLines } from "./export";

const PAGE = 500;
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

const ask = (id: string, filter: Filter, after: string | undefined, signal?: AbortSignal) =>
  answer(api.GET("/runs/{id}/operations", { signal, params: { path: { id }, query: { limit: PAGE, ...filter, ...(after ? { after } : {}) } } }));

export function OperationsPage() {
  const { id: coded = "" } = useParams<{ id: string }>();
  const id = decodeURIComponent(coded);
  const run = useRun(id).data;
  const { get, set } = useFilters();
  const filter: Filter = { outcome: outcomes.find((each) => each === get("outcome")), key: get("key") || undefined, error: get("error") || undefined, search: get("search") || undefined };
  const list = useInfiniteQuery({
    queryKey: ["operations", id, filter], initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) => ask(id, filter, pageParam, signal), getNextPageParam: (page) => page.next, placeholderData: (before) => before,
  });
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const more = useCallback(() => { if (hasNextPage && !isFetchingNextPage) void fetchNextPage(); }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const any = Object.values(filter).some(Boolean);
  return (
    <div className="stack wide">
      <header className="page-head">
        <h1>Every row{run && <> of <Link href={`/runs/${coded}`} className="plain">{run.sync}</Link></>}</h1>
        {list.data && <Export id={id} filter={filter} total={list.data.pages[0]?.total ?? 0} />}
      </header>
      <div className="filters" role="search">
        <Search value={get("search")} onChange={(search) => set({ search })} />
        <select aria-label="Outcome" value={filter.outcome ?? ""} onChange={(event) => set({ outcome: event.target.value })}>
          <option value="">Any outcome</option>
          {outcomes.map((each) => <option key={each} value={each}>{each === "refused" ? "all that did not go through" : outcome(each).word}</option>)}
        </select>
        {filter.error && <Chip label="error" onRemove={() => set({ error: "" })}>error: {filter.error}</Chip>}
        {filter.key && <Chip label="key" onRemove={() => set({ key: "" })}>key: {filter.key}</Chip>}
        {filter.outcome && <Chip label="outcome" onRemove={() => set({ outcome: "" })}>{outcome(filter.outcome).word}</Chip>}
        {list.data && <span className="small faint" aria-live="polite">{count(list.data.pages[0]?.total)} {any ? "like this" : "rows"}</span>}
      </div>
      <Asked of={list} lines={10}>
        {(data) => {
          const all = data.pages.flatMap((page) => page.operations);
          if (!all.length) return <Empty title={any ? "No row is like that" : "No row was sent"} action={any ? <Button onClick={() => set({ outcome: "", error: "", key: "", search: "" })}>Show all</Button> : undefined}>{any ? undefined : "Nothing had changed, or the run ended before it sent anything."}</Empty>;
          return <DataTable label="Rows of the run" name="operations" columns={columns} rows={all} total={data.pages[0]?.total} keyOf={(one) => `${one.key}/${one.attempt}/${one.operation}`} hrefOf={rowHref} onEnd={more} rowHeight={38} />;
        }}
      </Asked>
      {list.isFetchingNextPage && <p className="faint small" role="status">More rows are coming</p>}
    </div>
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
        const page = await ask(id, filter, after, stop.current.signal);
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
