// What the pages ask, each question with one name in the cache.
import { type QueryClient, useQuery } from "@tanstack/react-query";
import { answer, api } from "./client";

type Signal = { signal: AbortSignal };
const session = { queryKey: ["session"], queryFn: ({ signal }: Signal) => answer(api.GET("/session", { signal })) };
const project = { queryKey: ["project"], queryFn: ({ signal }: Signal) => answer(api.GET("/project", { signal })) };
const git = { queryKey: ["git"], queryFn: ({ signal }: Signal) => answer(api.GET("/git", { signal })) };
const syncs = { queryKey: ["syncs"], queryFn: ({ signal }: Signal) => answer(api.GET("/syncs", { signal })) };

/** Who is there is asked before anything is drawn, and what the first page needs all at once as soon as that is known. */
export async function askAhead(cache: QueryClient, path: string): Promise<void> {
  await cache.prefetchQuery(session);
  if (!cache.getQueryData<{ authenticated?: boolean }>(session.queryKey)?.authenticated) return;
  for (const question of [syncs, git, ...(path === "/" ? [project, runsOf({ limit: OVERVIEW_RUNS })] : [])]) void cache.prefetchQuery(question as typeof syncs);
}

export const useSession = () => useQuery(session);
export const useProject = () => useQuery(project);
export const useGit = () => useQuery(git);
export const useSyncs = () => useQuery(syncs);
export const useSync = (name: string) =>
  useQuery({ queryKey: ["sync", name], queryFn: ({ signal }) => answer(api.GET("/syncs/{name}", { signal, params: { path: { name } } })) });
export const useRefused = (name: string) =>
  useQuery({ queryKey: ["refused", name], queryFn: ({ signal }) => answer(api.GET("/syncs/{name}/refused", { signal, params: { path: { name } } })) });
export const useRun = (id: string) =>
  useQuery({ queryKey: ["run", id], enabled: id !== "", queryFn: ({ signal }) => answer(api.GET("/runs/{id}", { signal, params: { path: { id } } })) });
export const useTrace = (name: string, key: string) =>
  useQuery({ queryKey: ["trace", name, key],
    queryFn: ({ signal }) => answer(api.GET("/syncs/{name}/rows/{key}", { signal, params: { path: { name, key } } })) });
export const useModels = (enabled = true) =>
  useQuery({ enabled, queryKey: ["models"], queryFn: ({ signal }) => answer(api.GET("/models", { signal })) });
export const useSources = (enabled = true) =>
  useQuery({ enabled, queryKey: ["sources"], queryFn: ({ signal }) => answer(api.GET("/sources", { signal })) });
export const useDestinations = (enabled = true) =>
  useQuery({ enabled, queryKey: ["destinations"], queryFn: ({ signal }) => answer(api.GET("/destinations", { signal })) });
export const useConnectors = () =>
  useQuery({ queryKey: ["connectors"], queryFn: ({ signal }) => answer(api.GET("/connectors", { signal })) });
export const useConnector = (name: string) =>
  useQuery({ queryKey: ["connector", name], enabled: name !== "",
    queryFn: ({ signal }) => answer(api.GET("/connectors/{name}", { signal, params: { path: { name } } })) });
export const OVERVIEW_RUNS = 500;
interface RunFilter { sync?: string; status?: "failed" | "partial" | "stopped" | "succeeded" | "running" | "queued" | "interrupted"; limit?: number }
const runsOf = (filter: RunFilter) => ({
  queryKey: filter.sync && !filter.status ? ["runs", filter.sync] : ["runs", "", filter.sync ?? "", filter.status ?? "", String(filter.limit ?? 200)],
  queryFn: ({ signal }: Signal) => answer(api.GET("/runs", { signal, params: { query: { limit: 200, ...filter } } })),
});
export const useRuns = (filter: RunFilter) => useQuery(runsOf(filter));
