import { ButtonLink, Empty } from "../design/parts";
import { useMay } from "../frame/may";

export function NoSyncs() {
  const may = useMay();
  return (
    <Empty title="Nothing flows yet" example="penstock init" action={may("edit") && (<><ButtonLink kind="primary" href="/tools/connect/destination">Connect a destination</ButtonLink><ButtonLink href="/syncs/new">New sync</ButtonLink></>)}>
      A sync carries the rows of a model into a tool: customers from the warehouse become contacts in the CRM, and only what has changed is sent. Connect the tool first, then say which column becomes which field.
    </Empty>
  );
}
