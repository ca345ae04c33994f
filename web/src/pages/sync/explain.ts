// What each action will do, said before it is done, in numbers of this sync.
import type { Sync, SyncDetail } from "../../api/client";
import { count, plural } from "../../words/numbers";
import { span } from "../../words/times";

export type Action = "run" | "retry" | "full" | "baseline" | "pause" | "resume";
export interface Explained {
  title: string;
  short: string;
  says: string[];
  button: string;
  careful?: string;
}

const tool = (sync: Sync) => sync.destination_title ?? sync.destination;
const middle = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

export function usual(sync: Sync): { rows: number; requests: number; seconds: number } | undefined {
  const runs = (sync.last_runs ?? []).filter((run) => run.kind === "run" && (run.status === "succeeded" || run.status === "partial"));
  if (!runs.length) return undefined;
  return { rows: middle(runs.map((run) => run.sent ?? 0)), requests: middle(runs.map((run) => run.requests ?? 0)), seconds: middle(runs.map((run) => run.seconds ?? 0)) };
}

function forAll(sync: Sync): string {
  const best = (sync.last_runs ?? []).find((run) => (run.sent ?? 0) > 0 && (run.seconds ?? 0) > 0);
  const rows = sync.last_run?.rows ?? sync.accepted;
  if (!best || !rows) return "";
  const pace = (best.sent ?? 1) / (best.seconds ?? 1);
  return ` At the pace of the run of ${plural(best.sent ?? 0, "row")} this takes up to ${span(rows / pace)}.`;
}

export function explain(action: Action, sync: Sync & Partial<SyncDetail>): Explained {
  const rows = count(sync.last_run?.rows ?? sync.accepted);
  const lately = usual(sync);
  const guards = Object.entries(sync.guards ?? {}).map(([name, value]) => `${name} ${value}`).join(", ");
  switch (action) {
    case "run":
      return { title: `Run ${sync.name}`, button: "Run", short: "Send what has changed",
        says: [`Compares each row of ${sync.model} with what ${tool(sync)} last accepted, and sends only what differs.`,
          lately ? `Lately that was about ${plural(lately.rows, "row")} in ${plural(lately.requests, "request")}, ${span(lately.seconds)}.` : "It was never run: everything counts as new. To look first, plan it.",
          guards ? `Guards stop it before anything is sent: ${guards}.` : "It has no guards."] };
    case "retry":
      return { title: "Try waiting rows now", button: "Try now", short: `${plural(sync.waiting, "row")} that were refused before`,
        says: [`${plural(sync.waiting, "row")} were refused before and wait until they change. They are sent once more, as they are now, together with what has changed.`,
          "Do this when something was mended at the destination. What is refused again waits again."] };
    case "full":
      return { title: "Send everything again", button: "Send everything", short: "Every row, changed or not",
        says: [`Every row of ${sync.model} is sent, changed or not: ${rows} rows as of the last run.${forAll(sync)}`,
          `Values that people changed in ${tool(sync)} by hand are overwritten in the mapped fields. Nothing else is touched.`],
        careful: "This uses the destination's limits for all of these rows." };
    case "baseline":
      return { title: "Take the model for sent", button: "Take for sent", short: "Send nothing; only later changes go",
        says: [`Sends nothing. The ${rows} rows of ${sync.model} are taken for what ${tool(sync)} holds already, and from then on only changes are sent.`,
          "Do this when the records came there by another way, such as an import or another tool."],
        careful: `What ${tool(sync)} does not hold in truth will not be sent until it changes.` };
    case "pause":
      return { title: "Pause the schedule", button: "Pause", short: "No run by the schedule until you resume",
        says: ["The schedule rests until somebody resumes it. A run that goes on now is finished.", "Nothing is lost: the first run afterwards sends all that has changed meanwhile. It can still be run by hand."] };
    case "resume":
      return { title: "Resume the schedule", button: "Resume", short: `Runs ${sync.schedule ?? "again"}`,
        says: [`It runs ${sync.schedule ?? "by its schedule"} again. The next run sends all that has changed meanwhile.`] };
  }
}

/** What it means to say that rows in doubt arrived, or that they did not. */
export function settling({ tool, rows, keys }: { tool: string; rows: number; keys?: string[] }, written: boolean): Omit<Explained, "short"> {
  const one = rows === 1;
  const which = keys?.length === 1 ? `Row ${keys[0]}` : one ? "The row" : `All ${plural(rows, "row")} in doubt`;
  if (written)
    return { title: one ? "It arrived" : "They arrived", button: one ? "Take it for arrived" : "Take them for arrived",
      says: [`${which} ${one ? "is" : "are"} taken for what ${tool} holds, as ${one ? "it was" : "they were"} sent. Nothing is sent now.`, `${one ? "It goes" : "They go"} again only when ${one ? "its values change" : "their values change"}.`],
      careful: `If that is not so, ${tool} will lack ${one ? "it" : "them"} until then, and nobody is told.` };
  return { title: one ? "It did not arrive" : "They did not arrive", button: one ? "Send it again" : "Send them again",
    says: [`${which} ${one ? "is" : "are"} taken for never sent: the next run sends ${one ? "it" : "them"}, as the model has ${one ? "it" : "them"} then. Nothing is sent now.`],
    careful: `If ${one ? "it is" : "they are"} there after all, ${tool} will have ${one ? "it" : "them"} twice.` };
}
