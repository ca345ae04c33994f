import { useInfiniteQuery } from "@tanstack/react-query";
import { answer, api, type Run } from "../api/client";
import { useSyncs } from "../api/questions";
import { Asked, Chip, Empty } from "../design/parts";
import { useFilters } from "../table/filters";
import { count } from "../words/numbers";
import { status } from "../words/status";
import { RunTable } from "./RunTable";

const PAGE = 200;
const states: Run["status"][] = ["running", "queued", "succeeded", "partial", "failed", "stopped", "interrupted"];

export function RunsPage() {
  const { get, set } = useFilters();
  const sync = get("sync");
  const state = states.find((each) => each === get("status"));
  const syncs = useSyncs().data ?? [];
  const runs = useInfiniteQuery({
    queryKey: ["runs", "all", sync, state ?? ""],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) => answer(api.GET("/runs", { signal, params: { query: { limit: PAGE, ...(sync ? { sync } : {}), ...(state ? { status: state } : {}), ...(pageParam ? { before: pageParam } : {}) } } })),
    getNextPageParam: (page) => (page.length === PAGE ? page.at(-1)?.run : undefined),
  });
  return (
    <div className="stack wide">
      <h1>Runs</h1>
      <div className="filters" role="search">
        <select aria-label="Sync" value={sync} onChange={(event) => set({ sync: event.target.value })}><option value="">Every sync</option>{syncs.map((each) => <option key={each.name}>{each.name}</option>)}</select>
        <select aria-label="State" value={state ?? ""} onChange={(event) => set({ status: event.target.value })}><option value="">Any state</option>{states.map((each) => <option key={each} value={each}>{status({ status: each }).word}</option>)}</select>
        {sync && <Chip label="sync" onRemove={() => set({ sync: "" })}>sync: {sync}</Chip>}
        {state && <Chip label="state" onRemove={() => set({ status: "" })}>{status({ status: state }).word}</Chip>}
      </div>
      <Asked of={runs} lines={8}>
        {(data) => {
          const all = data.pages.flat();
          if (!all.length) return <Empty title={sync || state ? "No run is like that" : "No run yet"} example="penstock run">Each run leaves its counts, its reasons and each row's story here.</Empty>;
          return (
            <>
              <RunTable runs={all} name="runs" />
              {runs.hasNextPage && <div className="row"><button type="button" className="button" disabled={runs.isFetchingNextPage} onClick={() => void runs.fetchNextPage()}>Older runs</button><span className="faint small">{count(all.length)} shown</span></div>}
            </>
          );
        }}
      </Asked>
    </div>
  );
}
