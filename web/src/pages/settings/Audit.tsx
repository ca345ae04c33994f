import { useInfiniteQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { Ago, Asked, Button, Empty } from "../../design/parts";
import { type Column, DataTable } from "../../table/DataTable";
import { useFilters } from "../../table/filters";
import { Search } from "../run/Operations";

type Entry = { id: number; at: string; who: string; action: string; target?: string; result: string; address?: string };
const columns: Column<Entry>[] = [
  { id: "at", title: "When", phone: "first", cell: (entry) => <Ago at={entry.at} /> },
  { id: "who", title: "Who", cell: (entry) => <span className="nowrap">{entry.who}</span> },
  { id: "action", title: "Did", cell: (entry) => <code>{entry.action}</code> },
  { id: "target", title: "What", wide: true, cell: (entry) => <div className="cut">{entry.target}</div> },
  { id: "result", title: "Result", cell: (entry) => (/^(ok|done)\b/.test(entry.result) ? <span className="soft">{entry.result}</span> : <div className="tone-bad toned why">{entry.result}</div>) },
  { id: "address", title: "From", hidden: true, cell: (entry) => <code>{entry.address}</code> },
];

const PAGE = 100;
export function AuditTab() {
  const { get, set } = useFilters();
  const who = get("who");
  const entries = useInfiniteQuery({
    queryKey: ["audit", who], initialPageParam: undefined as number | undefined,
    queryFn: ({ signal, pageParam }) => answer(api.GET("/audit", { signal, params: { query: { limit: PAGE, ...(who ? { who } : {}), ...(pageParam ? { before: pageParam } : {}) } } })),
    getNextPageParam: (page) => (page.length < PAGE ? undefined : page.at(-1)?.id),
  });
  return (
    <div className="stack">
      <div className="filters" role="search"><Search label="Only of this person" value={who} onChange={(text) => set({ who: text })} /><span className="small soft">Who did what, and who was refused. It is only ever added to.</span></div>
      <Asked of={entries}>{(data) => {
        const all = data.pages.flat();
        if (!all.length) return <Empty title={who ? `Nothing by ${who}` : "Nothing yet"}>Runs, edits, approvals, logins and changes of rights are written down here.</Empty>;
        return <><DataTable label="Audit log" name="audit" columns={columns} rows={all} keyOf={(entry) => String(entry.id)} rowHeight={38} />{entries.hasNextPage && <div><Button busy={entries.isFetchingNextPage} onClick={() => void entries.fetchNextPage()}>Older entries</Button></div>}</>;
      }}</Asked>
    </div>
  );
}
