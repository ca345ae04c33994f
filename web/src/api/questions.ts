// What the pages ask, each question with one name in the cache.
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "./client";

export const useSession = () =>
  useQuery({ queryKey: ["session"], queryFn: ({ signal }) => answer(api.GET("/session", { signal })) });
export const useProject = () =>
  useQuery({ queryKey: ["project"], queryFn: ({ signal }) => answer(api.GET("/project", { signal })) });
export const useGit = () => useQuery({ queryKey: ["git"], queryFn: ({ signal }) => answer(api.GET("/git", { signal })) });
export const useSyncs = () => useQuery({ queryKey: ["syncs"], queryFn: ({ signal }) => answer(api.GET("/syncs", { signal })) });
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
export const useRuns = (filter: { sync?: string; status?: "failed" | "partial" | "stopped" | "succeeded" | "running" | "queued" | "interrupted"; limit?: number }) =>
  useQuery({ queryKey: filter.sync && !filter.status ? ["runs", filter.sync] : ["runs", "", filter.sync ?? "", filter.status ?? "", String(filter.limit ?? 200)],
    queryFn: ({ signal }) => answer(api.GET("/runs", { signal, params: { query: { limit: 200, ...filter } } })) });
