// Every state has a word, a shape and a colour; the colour is never alone.
import type { Run, Sync } from "../api/client";

export type Tone = "good" | "warn" | "bad" | "quiet" | "flow";
export type Shape = "check" | "half" | "cross" | "stop" | "clock" | "circle" | "flow" | "pause" | "broken";
export interface Standing {
  word: string;
  tone: Tone;
  shape: Shape;
  says: string;
}

const of = (word: string, tone: Tone, shape: Shape, says: string): Standing => ({ word, tone, shape, says });

const healths: Record<Sync["health"], Standing> = {
  healthy: of("Healthy", "good", "check", "the last run went through"),
  partial: of("Some refused", "warn", "half", "the last run went through, and some rows were refused or invalid"),
  failed: of("Failed", "bad", "cross", "the last run failed"),
  stopped: of("Stopped", "bad", "stop", "a guard stopped the last run before anything was sent"),
  late: of("Late", "warn", "clock", "the data is older than it should be"),
  never: of("Never run", "quiet", "circle", "nothing was sent yet"),
  running: of("Running", "flow", "flow", "a run goes on"),
  paused: of("Paused", "quiet", "pause", "the schedule rests until it is resumed"),
};
const statuses: Record<Run["status"], Standing> = {
  queued: of("Queued", "quiet", "clock", "waits for its turn"),
  running: of("Running", "flow", "flow", "goes on"),
  succeeded: of("Succeeded", "good", "check", "every row was accepted, or there was nothing to do"),
  partial: of("Partial", "warn", "half", "done, and some rows were refused, invalid or are in doubt"),
  failed: of("Failed", "bad", "cross", "the source, the destination or the network did not do"),
  stopped: of("Stopped", "bad", "stop", "a guard stopped it before anything was sent"),
  interrupted: of("Interrupted", "warn", "broken", "ended early; what was delivered is recorded"),
};
const outcomes: Record<string, Standing> = {
  accepted: of("accepted", "good", "check", "the destination took it"),
  rejected: of("rejected", "bad", "cross", "the destination refused it"),
  skipped: of("skipped", "quiet", "circle", "the mode had nothing to do"),
  in_doubt: of("in doubt", "warn", "half", "nobody knows whether it arrived"),
  failed: of("failed", "bad", "broken", "it could not be delivered; the next run tries again"),
};

const unknown = (word: string): Standing => of(word, "quiet", "circle", word);
const inDoubt = of("In doubt", "warn", "half", "rows were sent and no answer came: a person looks whether they arrived");
/** Rows in doubt are a thing of their own, where nothing worse is the matter. */
export const health = (sync: Pick<Sync, "health"> & Partial<Pick<Sync, "in_doubt" | "last_run">>): Standing =>
  sync.health === "partial" && sync.in_doubt && !sync.last_run?.rejected && !sync.last_run?.invalid ? inDoubt : healths[sync.health] ?? unknown(sync.health);
export const status = (run: Pick<Run, "status">): Standing => statuses[run.status] ?? unknown(run.status);
export const outcome = (name: string): Standing => outcomes[name] ?? unknown(name);

/** What needs a person first: for sorting, the worst first. */
const order: Sync["health"][] = ["failed", "stopped", "late", "partial", "running", "never", "healthy", "paused"];
export const urgency = (sync: Pick<Sync, "health" | "in_doubt">): number =>
  order.indexOf(sync.health) - (sync.in_doubt > 0 ? 0.5 : 0);

export const needsPerson = (sync: Pick<Sync, "health" | "in_doubt">): boolean =>
  ["failed", "stopped", "late", "partial"].includes(sync.health) || sync.in_doubt > 0;
export const isOver = (run: Pick<Run, "status">): boolean => run.status !== "queued" && run.status !== "running";
