// What the drawing of a run says, worked out from its counts: stages with rows and rates, queues, branches, the gate.
import type { Progress, Run, RunDetail } from "../api/client";
import { count, rate } from "../words/numbers";
import { isOver, status, type Tone } from "../words/status";
import { windowOf } from "../words/times";

export type StageId = "model" | "plan" | "lookup" | "deliver" | "ledger";
export interface Stage {
  id: StageId;
  title: string;
  rows?: number; // that have passed it
  perSecond?: number; // of the pipe that leads on from it
  queue?: { rows: number; fill: number }; // before it; fill from 0 to 1
  flows: boolean; // water moves behind it now
  filled: boolean; // something has come through
}
export interface Branch {
  id: string;
  from: StageId;
  title: string;
  rows: number;
  tone: Tone;
  href?: string;
}
export interface Gate {
  at: StageId;
  opening: number; // 0 shut, 1 wide open
  tight: boolean;
  says: string;
}
export interface Flow {
  stages: Stage[];
  branches: Branch[];
  gate?: Gate;
  broken?: { at: StageId; says: string };
  live: boolean;
  says: string; // all of it, in words
}

const QUEUE_ROWS = 2000; // what counts as a full queue where the server does not say its capacity

const merged = (run: Run, progress: Progress | undefined): Run =>
  progress && !isOver(run) ? { ...run, ...progress.plan, ...given(progress), sent: undefined } : run;
const given = (p: Progress) => ({
  accepted: p.accepted ?? 0, rejected: p.rejected ?? 0, skipped: p.skipped ?? 0, in_doubt: p.in_doubt ?? 0, failed: p.failed ?? 0,
  requests: p.requests ?? 0, throttled: p.throttled ?? 0,
});

/** Seconds that the planning and the delivery took, as far as it is known. */
function times(run: RunDetail, progress?: Progress): { plan: number; deliver: number } {
  const seconds = progress?.seconds ?? run.seconds ?? 0;
  if (progress?.stage === "opening" || progress?.stage === "planning") return { plan: seconds, deliver: seconds };
  const stages = progress?.stages ?? run.stages ?? [];
  const of = (name: RegExp) => stages.filter((each) => name.test(each.stage)).reduce((sum, each) => sum + each.seconds, 0);
  const plan = of(/plan|open|source|model/i);
  const deliver = of(/deliver/i);
  return { plan: plan || seconds, deliver: deliver || Math.max(seconds - plan, 0) || seconds };
}

const per = (rows: number | undefined, seconds: number) => (rows && seconds > 0 ? rows / seconds : undefined);

function queueBefore(stage: StageId, progress?: Progress): Stage["queue"] {
  const queue = progress?.queues?.find((each) => each.step === stage);
  if (!queue) return undefined;
  return { rows: queue.rows, fill: Math.min(1, queue.rows / (queue.capacity || QUEUE_ROWS)) };
}

/** The limit that is nearest to being used up. It stands before the step that waits most: whose requests it is for is not told. */
function gateOf(progress?: Progress): Gate | undefined {
  const limits = progress?.limits ?? [];
  const tightest = [...limits].sort((a, b) => b.used / (b.allowed || 1) - a.used / (a.allowed || 1))[0];
  if (!tightest?.allowed) return undefined;
  const share = tightest.used / tightest.allowed;
  const waiting = (step: string) => progress?.queues?.find((each) => each.step === step)?.rows ?? 0;
  return { at: waiting("lookup") > waiting("deliver") ? "lookup" : "deliver", opening: Math.max(0.12, 1 - share * 0.85), tight: share >= 0.95,
    says: `${tightest.group}: ${count(tightest.used)} of ${count(tightest.allowed)} per ${windowOf(tightest.seconds)}` };
}

export interface Links {
  run: string; // address of the run's page
}

function branchesOf(run: Run, links?: Links): Branch[] {
  const to = (outcome: string) => links && `${links.run}/operations?outcome=${outcome}`;
  const all: (Branch | false)[] = [
    { id: "unchanged", from: "plan", title: "unchanged", rows: run.unchanged ?? 0, tone: "quiet" },
    { id: "waiting", from: "plan", title: "waiting", rows: run.waiting ?? 0, tone: "warn", href: links && `/syncs/${encodeURIComponent(run.sync)}#refused` },
    { id: "invalid", from: "plan", title: "invalid", rows: run.invalid ?? 0, tone: "bad", href: links && `${links.run}#invalid` },
    { id: "skipped", from: "lookup", title: "skipped", rows: run.skipped ?? 0, tone: "quiet", href: to("skipped") },
    { id: "rejected", from: "deliver", title: "rejected", rows: run.rejected ?? 0, tone: "bad", href: to("rejected") },
    { id: "in_doubt", from: "deliver", title: "in doubt", rows: run.in_doubt ?? 0, tone: "warn", href: to("in_doubt") },
    { id: "failed", from: "deliver", title: "not delivered", rows: run.failed ?? 0, tone: "bad", href: to("failed") },
  ];
  return all.filter((each): each is Branch => each !== false && each.rows > 0);
}

function brokenAt(run: RunDetail): Flow["broken"] {
  if (run.status === "stopped") return { at: "plan", says: run.guard ? `guard ${run.guard.guard}` : "stopped by a guard" };
  if (run.status === "failed") return { at: !run.rows ? "model" : run.sent ? "deliver" : "lookup", says: "failed here" };
  return undefined;
}

export function flowOf(given: RunDetail, progress?: Progress, links?: Links): Flow {
  const run = merged(given, progress) as RunDetail;
  const live = !isOver(run);
  const step = live ? progress?.stage : undefined;
  const time = times(run, live ? progress : undefined);
  const broken = live ? undefined : brokenAt(run);
  const differ = (run.added ?? 0) + (run.changed ?? 0) + (run.removed ?? 0);
  const toSend = progress?.to_send ?? (broken ? differ || (run.sent ?? 0) : run.sent ?? differ);
  const done = (run.accepted ?? 0) + (run.rejected ?? 0) + (run.skipped ?? 0) + (run.in_doubt ?? 0) + (run.failed ?? 0);
  const read = live && progress?.rows_read !== undefined && step !== "planning" ? progress.rows_read : done;
  const delivering = step === "delivering";
  const planned = !live || delivering || step === "settling";
  const pace = delivering ? progress?.rows_per_second : per(run.sent ?? done, time.deliver);
  const rows = run.rows ?? (step === "planning" ? progress?.rows_read : undefined);
  const stages: Stage[] = [
    { id: "model", title: "Model", rows, perSecond: per(rows, time.plan), flows: step === "planning", filled: (rows ?? 0) > 0 },
    { id: "plan", title: "Plan", rows: planned ? toSend : undefined, perSecond: planned && toSend ? pace : 0, flows: delivering, filled: planned && toSend > 0 && !broken },
    { id: "lookup", title: "Look-up", rows: planned ? Math.max(read, done) : undefined, perSecond: done || delivering ? pace : 0, flows: delivering, filled: done > 0 },
    { id: "deliver", title: "Deliver", rows: planned ? done : undefined, perSecond: per(run.accepted, time.deliver) && pace && done ? (pace * (run.accepted ?? 0)) / done : 0,
      flows: delivering && (run.accepted ?? 0) > 0, filled: (run.accepted ?? 0) > 0 },
    { id: "ledger", title: "Ledger", rows: planned ? run.accepted ?? 0 : undefined, flows: false, filled: (run.accepted ?? 0) > 0 },
  ];
  for (const stage of stages) stage.queue = live ? queueBefore(stage.id, progress) : undefined;
  const branches = branchesOf(run, links);
  return { stages, branches, live, broken, gate: live ? gateOf(progress) : undefined, says: inWords(run, stages, branches) };
}

function inWords(run: Run, stages: Stage[], branches: Branch[]): string {
  const parts = stages.filter((stage) => stage.rows !== undefined)
    .map((stage) => `${stage.title}: ${count(stage.rows)} rows${stage.perSecond ? ` at ${rate(stage.perSecond)}` : ""}${stage.queue ? `, ${count(stage.queue.rows)} queued before it` : ""}`);
  const left = branches.map((branch) => `${count(branch.rows)} ${branch.title}`);
  return `${status(run).word}. ${parts.join("; ")}.${left.length ? ` On the way left: ${left.join(", ")}.` : ""}`;
}

/** The width of the pipe in pixels: ten times the rows per second make it so many pixels wider, on every page the same. */
export function width(perSecond: number | undefined): number {
  if (!perSecond || perSecond <= 0) return 2;
  return Math.min(32, 4 + 4.6 * Math.log10(1 + perSecond));
}
export const branchWidth = (rows: number): number => Math.min(9, 1.5 + 1.15 * Math.log10(1 + rows));
