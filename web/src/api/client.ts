// The API, as api/openapi.yaml describes it: paths, parameters and answers are checked by the compiler.
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
export type Sync = Schemas["Sync"];
export type SyncDetail = Schemas["SyncDetail"];
export type Run = Schemas["Run"];
export type RunDetail = Schemas["RunDetail"];
export type Progress = Schemas["Progress"];
export type Plan = Schemas["Plan"];
export type PlanRow = Schemas["PlanRow"];
export type Operation = Schemas["Operation"];
export type RefusedGroup = Schemas["RefusedGroup"];
export type Trace = Schemas["Trace"];
export type Session = Schemas["Session"];
export type Project = Schemas["Project"];
export type Git = Schemas["Git"];
export type Commit = Schemas["Commit"];
export type Diagnostic = Schemas["Diagnostic"];
export type Model = Schemas["Model"];
export type Source = Schemas["Source"];
export type Destination = Schemas["Destination"];
export type Connector = Schemas["Connector"];
export type Setting = Schemas["Setting"];
export type Field = Schemas["Field"];
export type Mapped = Schemas["Mapped"];
export type Rows = Schemas["Rows"];
export type Edit = Schemas["Edit"];
export type Validation = Schemas["Validation"];
export type Role = Schemas["Role"];
type ProblemBody = Schemas["Problem"];

/** What went wrong with a request: what, why, and what to do. */
export class Problem extends Error {
  readonly status: number;
  readonly kind: string;
  readonly detail?: string;
  readonly remedy?: string;
  readonly diagnostics: Diagnostic[];
  constructor(body: Partial<ProblemBody>, status: number) {
    super(body.title ?? `The server answered with status ${status}`);
    this.status = status;
    this.kind = body.type ?? "about:blank";
    this.detail = body.detail;
    this.remedy = body.remedy;
    this.diagnostics = body.diagnostics ?? [];
  }
}

let csrfToken: string | undefined;
let onLoginNeeded: () => void = () => {};
export const useCsrfToken = (token: string | undefined) => void (csrfToken = token);
export const whenLoginNeeded = (call: () => void) => void (onLoginNeeded = call);

const guard: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET" && csrfToken) request.headers.set("X-CSRF-Token", csrfToken);
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: "/api/v1", headers: { Accept: "application/json" } });
api.use(guard);

/** The data of an answer; throws a Problem for anything else. */
export async function answer<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let got;
  try {
    got = await call;
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "AbortError") throw thrown;
    throw new Problem({ title: "The server cannot be reached", type: "unreachable",
      remedy: "Is `penstock serve` still running? The page tries again when you do." }, 0);
  }
  if (got.response.ok) return got.data as T;
  if (got.response.status === 401) onLoginNeeded();
  const body = typeof got.error === "object" && got.error !== null ? (got.error as Partial<ProblemBody>) : {};
  throw new Problem(body, got.response.status);
}
