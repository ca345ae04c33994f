// The question before an action: what it will do, and what then happens.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useLocation } from "wouter";
import { answer, api, type Sync, type SyncDetail } from "../../api/client";
import { Button, Dialog, Labeled, Trouble } from "../../design/parts";
import { say, sayProblem } from "../../frame/toasts";
import { type Action, explain } from "./explain";

export function useStartPlan() {
  const [, go] = useLocation();
  return useMutation({
    mutationFn: (body: { sync: string; full?: boolean }) => answer(api.POST("/plans", { body: { samples: 20, ...body } })),
    onSuccess: (plan) => go(`/plans/${encodeURIComponent(plan.id)}`),
    onError: sayProblem,
  });
}

export const newKey = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;

export function Ask({ action, sync, onClose, confirm }: { action: Action; sync: Sync & Partial<SyncDetail>; onClose: () => void; confirm?: string[] }) {
  const [, go] = useLocation();
  const cache = useQueryClient();
  const [limit, setLimit] = useState("");
  const once = useRef(newKey()); // pressed twice it is started once
  const plan = useStartPlan();
  const said = explain(action, sync);
  const act = useMutation({
    mutationFn: async () => {
      if (action === "pause" || action === "resume") {
        await answer(api.POST(`/syncs/{name}/${action}` as "/syncs/{name}/pause", { params: { path: { name: sync.name } } }));
        return undefined;
      }
      return answer(api.POST("/runs", { params: { header: { "Idempotency-Key": once.current } }, body: { sync: sync.name, kind: action, ...(limit ? { limit: Number(limit) } : {}), ...(confirm ? { confirm } : {}) } }));
    },
    onSuccess: (run) => {
      void cache.invalidateQueries({ queryKey: ["syncs"] });
      void cache.invalidateQueries({ queryKey: ["sync", sync.name] });
      onClose();
      if (run) go(`/runs/${encodeURIComponent(run.run)}`);
      else say(action === "pause" ? `${sync.name} is paused` : `${sync.name} runs by its schedule again`);
    },
  });
  const canPlan = action === "run" || action === "full";
  return (
    <Dialog title={said.title} onClose={onClose} actions={
      <>
        <Button kind="quiet" onClick={onClose}>Leave it</Button>
        {canPlan && <Button busy={plan.isPending} onClick={() => plan.mutate({ sync: sync.name, full: action === "full" })}>Plan it first</Button>}
        <Button kind={said.careful ? "danger" : "primary"} busy={act.isPending} onClick={() => act.mutate()}>{said.button}</Button>
      </>
    }>
      {said.says.map((line) => <p key={line}>{line}</p>)}
      {confirm && <p className="notice warn">It goes past {confirm.join(", ")} this once. The run's record says so.</p>}
      {said.careful && <p className="notice warn">{said.careful}</p>}
      {action === "run" && (
        <Labeled label="At most so many rows" help="Leave it empty to send all that differ. 1 is a good first try.">
          {(ids) => <input {...ids} type="number" min={1} step={1} value={limit} placeholder="all" onChange={(event) => setLimit(event.target.value)} />}
        </Labeled>
      )}
      {act.error && <Trouble error={act.error} />}
    </Dialog>
  );
}
