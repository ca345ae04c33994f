import { Plus } from "lucide-react";
import { useSyncs } from "../api/questions";
import { Asked, ButtonLink } from "../design/parts";
import { useMay } from "../frame/may";
import { NoSyncs } from "./NoSyncs";
import { SyncTable } from "./SyncTable";

export function SyncsPage() {
  const syncs = useSyncs();
  const may = useMay();
  return (
    <div className="stack wide">
      <div className="page-head">
        <h1>Syncs</h1>
        {may("edit") && <ButtonLink kind="primary" icon={Plus} href="/syncs/new">New sync</ButtonLink>}
      </div>
      <Asked of={syncs} lines={8} tall>{(all) => (all.length ? <SyncTable syncs={all} /> : <NoSyncs />)}</Asked>
    </div>
  );
}
