// One stream of server-sent events for all pages: what changed is taken into the cache, and no page asks again and again.
import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import type { Progress, Run, Sync } from "./client";

export interface Moment {
  at: number; // milliseconds, of this machine's clock
  progress: Progress;
}
const HISTORY_MAX = 900;
const none: readonly Moment[] = [];

const histories = new Map<string, readonly Moment[]>();
const listeners = new Set<() => void>();
let connected = true;
const tell = () => listeners.forEach((listener) => listener());

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What was heard of a run since the pages were opened, oldest first. */
export const useMoments = (run: string): readonly Moment[] => useSyncExternalStore(subscribe, () => histories.get(run) ?? none);
export const useConnected = (): boolean => useSyncExternalStore(subscribe, () => connected);

export function takeProgress(progress: Progress, at = Date.now()): void {
  const history = histories.get(progress.run) ?? none;
  // Long runs keep every other moment of their past, so that the whole run stays on the chart.
  const kept = history.length < HISTORY_MAX ? history : history.filter((_, index) => index % 2 === 0);
  histories.set(progress.run, [...kept, { at, progress }]);
  tell();
}

export function takeRun(cache: QueryClient, run: Run): void {
  const under = run.status === "running" || run.status === "queued";
  cache.setQueryData<Run>(["run", run.run], (old) => (old ? { ...old, ...run } : old));
  const alter = <T extends Sync>(sync: T): T =>
    sync.name !== run.sync ? sync : { ...sync, running: under ? run.run : undefined, health: under && !sync.paused ? "running" : sync.health };
  cache.setQueryData<Sync[]>(["syncs"], (old) => old?.map(alter));
  cache.setQueryData<Sync>(["sync", run.sync], (old) => old && alter(old));
  if (under) {
    cache.setQueryData<Run[]>(["runs", run.sync], (old) => old && [run, ...old.filter((each) => each.run !== run.run)]);
    return;
  }
  refresh(cache, ["run", run.run], ["sync", run.sync], ["runs"], ["refused", run.sync], ["trace", run.sync], ["syncs"]);
}

// What is to be asked again, once for all events of the last second: a thousand runs that end together are one question.
let due: string[][] = [];
let timer: ReturnType<typeof setTimeout> | undefined;
function refresh(cache: QueryClient, ...keys: string[][]): void {
  due.push(...keys);
  timer ??= setTimeout(() => {
    const asked = new Map(due.map((key) => [key.join("\0"), key]));
    due = [];
    timer = undefined;
    asked.forEach((queryKey) => void cache.invalidateQueries({ queryKey }));
  }, 700);
}

/** Listens until the returned function is called. The browser connects again by itself. */
export function follow(cache: QueryClient): () => void {
  const stream = new EventSource("/api/v1/events");
  let lost = false;
  const set = (now: boolean) => {
    if (connected === now) return;
    connected = now;
    tell();
  };
  stream.onopen = () => {
    set(true);
    if (lost) void cache.invalidateQueries(); // what was missed
    lost = false;
  };
  stream.onerror = () => {
    lost = true;
    set(false);
  };
  const on = <T>(name: string, take: (data: T) => void) =>
    stream.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data) as T));
  on<Run>("run", (run) => takeRun(cache, run));
  on<Progress>("progress", (progress) => takeProgress(progress));
  on<{ id?: string }>("plan", (plan) => plan.id && void cache.invalidateQueries({ queryKey: ["plan", plan.id] }));
  stream.addEventListener("project", () => void cache.invalidateQueries());
  return () => stream.close();
}
