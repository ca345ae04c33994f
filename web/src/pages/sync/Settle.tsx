// Rows in doubt: they were sent, and no answer came. A person looks at the destination, and says here what is there;
// what that will do is said before it is done.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client";
import { Button, CommandLine, Dialog, Trouble } from "../../design/parts";
import { useMay } from "../../frame/may";
import { say } from "../../frame/toasts";
import { plural } from "../../words/numbers";
import { settling } from "./explain";

export interface Doubt { sync: string; tool: string; rows: number; keys?: string[] } // all that are in doubt, without keys

export function Settle(doubt: Doubt) {
  const may = useMay();
  const [asking, setAsking] = useState<boolean>();
  if (!may("run")) return <CommandLine text={["penstock settle", doubt.sync, ...(doubt.keys ?? [])].join(" ")} />;
  return (
    <>
      <div className="row">
        <Button onClick={() => setAsking(true)}>{doubt.rows === 1 ? "It arrived" : "They arrived"}</Button>
        <Button onClick={() => setAsking(false)}>{doubt.rows === 1 ? "It did not: send it again" : "They did not: send them again"}</Button>
      </div>
      {asking !== undefined && <Question doubt={doubt} written={asking} onClose={() => setAsking(undefined)} />}
    </>
  );
}

function Question({ doubt, written, onClose }: { doubt: Doubt; written: boolean; onClose: () => void }) {
  const cache = useQueryClient();
  const said = settling(doubt, written);
  const settle = useMutation({
    mutationFn: () => answer(api.POST("/syncs/{name}/settle", { params: { path: { name: doubt.sync } }, body: { written, ...(doubt.keys ? { keys: doubt.keys } : {}) } })),
    onSuccess: ({ keys }) => {
      say(written ? `${plural(keys.length, "row")} taken for arrived` : `${plural(keys.length, "row")} go again with the next run`);
      onClose();
      void cache.invalidateQueries();
    },
  });
  return (
    <Dialog title={said.title} onClose={onClose} actions={<><Button kind="quiet" onClick={onClose}>Leave it</Button><Button kind={written ? "primary" : "danger"} busy={settle.isPending} onClick={() => settle.mutate()}>{said.button}</Button></>}>
      {said.says.map((line) => <p key={line}>{line}</p>)}
      {said.careful && <p className="notice warn">{said.careful}</p>}
      {settle.error && <Trouble error={settle.error} />}
    </Dialog>
  );
}
