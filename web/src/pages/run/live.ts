// What is worked out from the moments of a run that goes on.
import type { Progress } from "../../api/client";
import type { Moment } from "../../api/events";
import type { Series } from "../../charts/LineChart";
import { windowOf } from "../../words/times";

const stages: Record<string, string> = { plan: "The plan", lookup: "The look-up", deliver: "The destination", ledger: "The ledger" };

/** Which stage holds the others back: the one before which the fullest queue stands. */
export function heldBack(progress: Progress | undefined): string | undefined {
  const queues = progress?.queues ?? [];
  const fullest = [...queues].sort((a, b) => b.rows / (b.capacity ?? 2000) - a.rows / (a.capacity ?? 2000))[0];
  if (!fullest || fullest.rows / (fullest.capacity ?? 2000) < 0.6) return undefined;
  const atLimit = fullest.step !== "ledger" && (progress?.limits ?? []).some((limit) => limit.used / (limit.allowed || 1) > 0.95);
  return `${stages[fullest.step] ?? fullest.step} holds the others back${atLimit ? ": it is at its limit" : ""}.`;
}

export const rowsOverTime = (moments: readonly Moment[]): Series[] => [{ name: "rows per second", kind: "line", area: true, points: perSecond(moments, doneOf) }];
export const requestsOverTime = (moments: readonly Moment[]): Series[] => [{ name: "requests per second", kind: "line", area: true, points: perSecond(moments, (progress) => progress.requests ?? 0) }];

/** Rows per second of the last seconds; the average since the start where nothing newer was heard. */
export function paceOf(moments: readonly Moment[], progress: Progress | undefined): number | undefined {
  return perSecond(moments.slice(-20), doneOf).at(-1)?.y ?? progress?.rows_per_second;
}

/** What was counted between moments some seconds apart: single events are too near to each other to tell a pace. */
function perSecond(moments: readonly Moment[], of: (progress: Progress) => number, apart = 2): Series["points"] {
  const points: Series["points"] = [];
  let from = 0;
  for (const [index, { progress }] of moments.entries()) {
    while (from < index && progress.seconds - (moments[from + 1]?.progress.seconds ?? progress.seconds) >= apart) from += 1;
    const before = moments[from]?.progress;
    const passed = before ? progress.seconds - before.seconds : 0;
    if (before && passed > 0) points.push({ x: progress.seconds, y: Math.max(0, of(progress) - of(before)) / passed });
  }
  return points;
}

export interface LimitUse {
  series: Series[];
  limit: { y: number; name: string };
  unit: string;
}
/** The limit that was nearest to being used up over the run, and how many requests counted in it. A day's is no matter of a chart. */
export function limitUse(moments: readonly Moment[]): LimitUse | undefined {
  const uses = moments.flatMap(({ progress }) => (progress.limits ?? []).filter((limit) => limit.allowed > 0 && limit.seconds < 600).map((limit) => ({ x: progress.seconds, ...limit })));
  const key = (limit: { group: string; seconds: number }) => `${limit.group} ${limit.seconds}`;
  const fills = new Map<string, number>();
  for (const limit of uses) fills.set(key(limit), (fills.get(key(limit)) ?? 0) + limit.used / limit.allowed);
  const nearest = [...fills].sort((a, b) => b[1] - a[1])[0]?.[0];
  const of = uses.filter((limit) => key(limit) === nearest);
  const last = of.at(-1);
  if (!last) return undefined;
  const unit = `requests per ${windowOf(last.seconds)}`;
  return { unit, limit: { y: last.allowed, name: `limit ${last.group}: ${last.allowed} per ${windowOf(last.seconds)}` },
    series: [{ name: "counted", kind: "line", area: true, points: of.map((limit) => ({ x: limit.x, y: limit.used })) }] };
}

export function latencies(moments: readonly Moment[]): Series[] {
  const of = (which: "p50" | "p90" | "p99") => moments.flatMap(({ progress }) => (progress.latency_ms?.[which] === undefined ? [] : [{ x: progress.seconds, y: progress.latency_ms[which] }]));
  return [{ name: "half are faster", kind: "line", points: of("p50") }, { name: "nine of ten", kind: "second", points: of("p90") }, { name: "99 of 100", kind: "third", points: of("p99") }];
}

export const doneOf = (progress: Progress | undefined): number =>
  (progress?.accepted ?? 0) + (progress?.rejected ?? 0) + (progress?.skipped ?? 0) + (progress?.in_doubt ?? 0) + (progress?.failed ?? 0);
