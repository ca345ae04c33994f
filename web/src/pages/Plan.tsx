// A plan: what a run would send, row by row, and the button that sends exactly this.
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CheckCheck, Play } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { answer, api, type Plan, type PlanRow, Problem } from "../api/client";
import { Ago, Asked, Button, Dialog, Empty, Section, Trouble } from "../design/parts";
import { useMay } from "../frame/may";
import { sayProblem } from "../frame/toasts";
import { useFilters } from "../table/filters";
import { count, plural } from "../words/numbers";
import { span } from "../words/times";
import { FieldDiff } from "./FieldDiff";
import { runHref } from "./RunTable";
import { Search } from "./run/Operations";
import { InvalidRows } from "./run/RunPage";
import { newKey } from "./sync/Ask";
import "./plan.css";

export function PlanPage() {
  const { id: coded = "" } = useParams<{ id: string }>();
  const id = decodeURIComponent(coded);
  const plan = useQuery({
    queryKey: ["plan", id], queryFn: ({ signal }) => answer(api.GET("/plans/{id}", { signal, params: { path: { id } } })),
    // An event says when it is ready; should that be lost, the page asks now and then, and only while it is made.
    refetchInterval: (query) => (query.state.data?.state === "planning" ? 2500 : false),
  });
  return <Asked of={plan} lines={8}>{(found) => <Full plan={found} />}</Asked>;
}

function Full({ plan }: { plan: Plan }) {
  return (
    <div className="stack wide">
      <header className="page-head">
        <div className="stack sync-title">
          <h1>Plan for <Link className="plain" href={`/syncs/${encodeURIComponent(plan.sync)}`}>{plan.sync}</Link></h1>
          <p className="soft">{plan.state === "planning" ? "The model is read and compared." : <>Made <Ago at={plan.made} />. Nothing has been sent.</>}{plan.approved_by && <b> Approved by {plan.approved_by}.</b>}</p>
        </div>
        {plan.state === "ready" && <Actions plan={plan} />}
      </header>
      {plan.state === "planning" && <div className="stack"><progress aria-label="Planning" />{plan.rows !== undefined && <p className="soft">{plural(plan.rows, "row")} so far</p>}</div>}
      {plan.state === "failed" && <Trouble error={plan.error ? new Problem(plan.error, plan.error.status) : new Error("The plan failed")} />}
      {plan.state === "ready" && <Ready plan={plan} />}
    </div>
  );
}

function Actions({ plan }: { plan: Plan }) {
  const may = useMay();
  const cache = useQueryClient();
  const [, go] = useLocation();
  const [asking, setAsking] = useState(false);
  const once = useRef(newKey());
  const approve = useMutation({
    mutationFn: () => answer(api.POST("/plans/{id}/approve", { params: { path: { id: plan.id } } })),
    onSuccess: (approved) => cache.setQueryData(["plan", plan.id], { ...plan, ...approved }), onError: sayProblem,
  });
  const run = useMutation({
    mutationFn: () => answer(api.POST("/runs", { params: { header: { "Idempotency-Key": once.current } }, body: { plan: plan.id, ...(plan.guard ? { confirm: [plan.guard.guard] } : {}) } })),
    onSuccess: (started) => go(runHref(started)),
  });
  if (!may("run")) return null;
  const needs = plan.needs_approval && !plan.approved_by;
  return (
    <div className="row">
      {(needs || !plan.approved_by) && <Button kind={needs ? "primary" : "plain"} icon={CheckCheck} busy={approve.isPending} onClick={() => approve.mutate()}>Approve</Button>}
      <Button kind={needs ? "plain" : "primary"} icon={Play} disabled={needs || !plan.to_send} title={needs ? "This sync sends approved plans only" : undefined} onClick={() => setAsking(true)}>Run exactly this</Button>
      {asking && (
        <Dialog title="Run exactly this plan" onClose={() => setAsking(false)} actions={<><Button kind="quiet" onClick={() => setAsking(false)}>Leave it</Button><Button kind={plan.guard ? "danger" : "primary"} busy={run.isPending} onClick={() => run.mutate()}>{plan.guard ? `Send, past ${plan.guard.guard}` : `Send ${plural(plan.to_send ?? 0, "row")}`}</Button></>}>
          <p>{plural(plan.to_send ?? 0, "row")} in {plural(plan.requests ?? 0, "request")}, about {span(plan.seconds)} at the destination's limits.</p>
          <p>Exactly these rows are sent. If the model or what was accepted has moved since, nothing is sent, and the answer says what moved.</p>
          {plan.guard && <p className="notice warn">{plan.guard.message}. It goes past this guard once, and the run's record says so.</p>}
          {run.error && <Trouble error={run.error} />}
        </Dialog>
      )}
    </div>
  );
}

const changes = ["changed", "added", "removed", "invalid"] as const;
type Change = (typeof changes)[number];

function Ready({ plan }: { plan: Plan }) {
  const { get, set } = useFilters();
  const change = changes.find((each) => each === get("change"));
  const kinds: { id: Change | ""; title: string; n: number }[] = [
    { id: "", title: "to send", n: plan.to_send ?? (plan.added ?? 0) + (plan.changed ?? 0) + (plan.removed ?? 0) },
    { id: "added", title: "added", n: plan.added ?? 0 }, { id: "changed", title: "changed", n: plan.changed ?? 0 }, { id: "removed", title: "removed", n: plan.removed ?? 0 }, { id: "invalid", title: "invalid", n: plan.invalid ?? 0 },
  ];
  return (
    <>
      {plan.guard && <div className="notice warn" role="alert"><div><strong>Guard {plan.guard.guard} would stop this run.</strong> {plan.guard.message}. Look at the rows. If this is meant, running exactly this passes it once; else raise {plan.guard.guard} in the sync's guard, or mend the model.</div></div>}
      <div className="stack">
        <div className="kinds" role="group" aria-label="What to show">
          {kinds.map((kind) => (
            <button type="button" key={kind.id} className={`kind-${kind.id || "all"}`} aria-pressed={(change ?? "") === kind.id} disabled={kind.n === 0 && kind.id !== ""} onClick={() => set({ change: kind.id })}>
              <b>{count(kind.n)}</b> {kind.title}
            </button>
          ))}
          <span className="still"><b>{count(plan.unchanged)}</b> unchanged</span>
          <span className="still"><b>{count(plan.waiting)}</b> waiting</span>
        </div>
        <p className="soft">{plural(plan.requests ?? 0, "request")}, about {span(plan.seconds)} at the destination's limits.</p>
        {plan.notes?.map((note) => <p key={note} className="notice">{note}</p>)}
      </div>
      {change === "invalid" ? <InvalidRows sync={plan.sync} rows={plan.invalid_rows ?? []} /> : <Rows plan={plan} change={change} />}
    </>
  );
}

function Rows({ plan, change }: { plan: Plan; change?: Change }) {
  const { get, set } = useFilters();
  const search = get("search");
  const rows = useInfiniteQuery({
    queryKey: ["plan-rows", plan.id, change ?? "", search], initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) => answer(api.GET("/plans/{id}/rows", { signal, params: { path: { id: plan.id }, query: { limit: 50, ...(change ? { change } : {}), ...(search ? { search } : {}), ...(pageParam ? { after: pageParam } : {}) } } })),
    getNextPageParam: (page) => page.next, placeholderData: (before) => before,
  });
  const setSearch = useCallback((text: string) => set({ search: text }), [set]);
  if (!plan.to_send) return <Empty title="Nothing to send">The destination holds what the model says. The next run asks again.</Empty>;
  return (
    <Section title="Row by row" more={<div className="filters"><Search value={search} onChange={setSearch} label="Search keys and values" /></div>}>
      <Asked of={rows}>
        {(data) => {
          const all = data.pages.flatMap((page) => page.rows);
          if (!all.length) return <p className="soft">No row is like that.</p>;
          return (
            <>
              <ul className="plan-rows panel">{all.map((row) => <Row key={row.key + row.change} row={row} sync={plan.sync} />)}</ul>
              {rows.hasNextPage && <More busy={rows.isFetchingNextPage} fetch={() => void rows.fetchNextPage()} shown={all.length} />}
            </>
          );
        }}
      </Asked>
    </Section>
  );
}

function More({ busy, fetch, shown }: { busy: boolean; fetch: () => void; shown: number }) {
  const here = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!here.current || shown > 2000) return;
    const watch = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && !busy && fetch(), { rootMargin: "400px" });
    watch.observe(here.current);
    return () => watch.disconnect();
  }, [busy, fetch, shown]);
  return <div ref={here} className="row"><Button busy={busy} onClick={fetch}>More rows</Button><span className="small faint">{count(shown)} shown</span></div>;
}

const Row = ({ row, sync }: { row: PlanRow; sync: string }) => (
  <li className={`plan-row ${row.change}`}>
    <div className="plan-row-head"><span className="change-word">{row.change}</span><Link href={`/syncs/${encodeURIComponent(sync)}/rows/${encodeURIComponent(row.key)}`} className="mono">{row.key}</Link><span className="small faint">{row.why}</span></div>
    {row.fields && <FieldDiff fields={row.fields} change={row.change} />}
  </li>
);
