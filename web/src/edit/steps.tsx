// The steps of the editor around the mapping: what is sent, where to, which records, when.
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { answer, api, type Diagnostic, type Rows } from "../api/client";
import { useDestinations, useModels, useSyncs } from "../api/questions";
import { Value } from "../design/Json";
import { Labeled, Section, Trouble } from "../design/parts";
import { RowsTable } from "../design/RowsTable";
import { type Draft, type FieldDraft, writeField, writeSchedule } from "./draft";
import { modes } from "./sentence";

export interface StepProps {
  draft: Draft;
  name: string;
  set: (path: string[], value: unknown) => void;
  placed: Map<string, Diagnostic[]>;
  sample?: Rows;
}
export const said = (placed: Map<string, Diagnostic[]>, path: string) => {
  const all = placed.get(path);
  return all?.length ? all.map((each) => [each.message, each.hint].filter(Boolean).join("; ")).join(". ") : undefined;
};

export function ModelStep({ draft, set, placed, sample }: StepProps) {
  const models = useModels().data ?? [];
  const model = models.find((each) => each.name === draft.model);
  return (
    <Section title="1  What is sent">
      <Labeled label="Model" error={said(placed, "model")} help={model?.description || "A query with a primary key. Each of its rows becomes one record."} aside={<span className="row small">{model && <Link href={`/models/${encodeURIComponent(model.name)}/edit`}>its SQL</Link>}<Link href="/models/new?then=sync">Write a new model</Link></span>}>
        {(ids) => (
          <select {...ids} value={draft.model} onChange={(event) => set(["model"], event.target.value)}>
            <option value="" disabled>Choose a model</option>
            {draft.model && !model && <option value={draft.model}>{draft.model} (unknown)</option>}
            {models.map((each) => <option key={each.name} value={each.name}>{each.name}</option>)}
          </select>
        )}
      </Labeled>
      {sample && draft.model && <RowsTable rows={sample} label={`First rows of ${draft.model}`} most={3} />}
    </Section>
  );
}

export const useObjects = (destination: string) =>
  useQuery({ queryKey: ["objects", destination], enabled: destination !== "", retry: false, queryFn: ({ signal }) => answer(api.GET("/destinations/{name}/objects", { signal, params: { path: { name: destination } } })) });
export const useFields = (destination: string, object: string) =>
  useQuery({ queryKey: ["fields", destination, object], enabled: destination !== "" && object !== "" && !object.includes("*"), retry: false,
    queryFn: ({ signal }) => answer(api.GET("/destinations/{name}/objects/{object}", { signal, params: { path: { name: destination, object } } })) });

export function DestinationStep({ draft, set, placed }: StepProps) {
  const destinations = useDestinations().data ?? [];
  const objects = useObjects(draft.destination);
  const known = destinations.find((each) => each.name === draft.destination);
  const object = objects.data?.find((each) => each.name === draft.object);
  return (
    <Section title="2  Where it goes">
      <div className="pair">
        <Labeled label="Destination" error={said(placed, "destination")} help={known ? known.title ?? known.type : "A connected account of a tool."} aside={<Link className="small" href="/tools/connect/destination">Connect another</Link>}>
          {(ids) => (
            <select {...ids} value={draft.destination} onChange={(event) => set(["destination"], event.target.value)}>
              <option value="" disabled>Choose a destination</option>
              {draft.destination && !known && <option value={draft.destination}>{draft.destination} (unknown)</option>}
              {destinations.map((each) => <option key={each.name} value={each.name}>{each.name} ({each.title ?? each.type})</option>)}
            </select>
          )}
        </Labeled>
        <Labeled label="Object" error={said(placed, "object")} help={object?.help ?? object?.title ?? "What is written there."}>
          {(ids) => (
            <>
              <input {...ids} list="objects" value={draft.object} placeholder={objects.isFetching ? "asking the destination" : "contacts"} onChange={(event) => set(["object"], event.target.value || undefined)} />
              <datalist id="objects">{objects.data?.map((each) => <option key={each.name} value={each.name}>{each.title}</option>)}</datalist>
            </>
          )}
        </Labeled>
      </div>
      {objects.error && <Trouble error={objects.error} title="Its objects cannot be listed" retry={() => void objects.refetch()} />}
    </Section>
  );
}

const modeOrder = ["upsert", "update", "insert", "mirror", "append", "delete", "replace"];

export function RecordsStep({ draft, set, placed, sample }: StepProps) {
  const objects = useObjects(draft.destination).data;
  const fields = useFields(draft.destination, draft.object).data?.fields ?? [];
  const offered = objects?.find((each) => each.name === draft.object)?.modes;
  const shown = modeOrder.filter((mode) => !offered?.length || offered.includes(mode) || mode === draft.mode);
  const [match] = draft.match;
  const unique = fields.filter((field) => field.unique);
  const choices = unique.length ? unique : fields;
  const columns = sample?.columns ?? [];
  const setMatch = (next: Partial<FieldDraft>) => {
    const now = { field: "", kind: "column" as const, from: "", transforms: [], ...match, ...next };
    if (draft.match.length > 1) set(["match", now.field], writeField(now));
    else set(["match"], now.field || now.from ? { [now.field || "?"]: writeField(now) } : undefined);
  };
  return (
    <Section title="4  Which records, and how">
      <div className="pair">
        <Labeled label="A record is found by" error={said(placed, "match") ?? said(placed, `match.${match?.field ?? ""}`)} help={unique.length ? "Fields that are unique there." : "The destination's field, such as email or its own id."}>
          {(ids) => (
            <>
              <input {...ids} list="match-fields" value={match?.field === "?" ? "" : match?.field ?? ""} placeholder="email" onChange={(event) => setMatch({ field: event.target.value })} />
              <datalist id="match-fields">{choices.map((field) => <option key={field.name} value={field.name}>{field.label}</option>)}</datalist>
            </>
          )}
        </Labeled>
        <Labeled label="whose value is the model's" help={draft.match.length > 1 ? `And by ${draft.match.slice(1).map((each) => each.field).join(", ")}: see the YAML.` : "A column of the model."}>
          {(ids) => (
            <select {...ids} value={match?.kind === "column" ? match.from : "?"} onChange={(event) => setMatch({ kind: "column", from: event.target.value })}>
              <option value="">Choose a column</option>
              {match?.kind !== undefined && match.kind !== "column" && <option value="?">{match.from}</option>}
              {match?.kind === "column" && match.from && !columns.some((column) => column.name === match.from) && <option value={match.from}>{match.from}</option>}
              {columns.map((column) => <option key={column.name} value={column.name}>{column.name}</option>)}
            </select>
          )}
        </Labeled>
      </div>
      <fieldset className="modes">
        <legend>Mode</legend>
        {shown.map((mode) => (
          <label key={mode} className="mode">
            <input type="radio" name="mode" checked={draft.mode === mode} onChange={() => set(["mode"], mode)} />
            <span><b>{mode}</b><span className="soft"> {modes[mode]}</span></span>
          </label>
        ))}
      </fieldset>
      {said(placed, "mode") && <p className="field-error">{said(placed, "mode")}</p>}
      <Example draft={draft} sample={sample} />
      {draft.mode !== "mirror" && draft.mode !== "append" && draft.mode !== "delete" && draft.mode !== "replace" && (
        <Labeled label="When a row leaves the model" error={said(placed, "on_removed")}>
          {(ids) => (
            <select {...ids} value={draft.onRemoved || "ignore"} onChange={(event) => set(["on_removed"], event.target.value === "ignore" ? undefined : event.target.value)}>
              <option value="ignore">leave its record as it is</option><option value="delete">delete its record</option><option value="clear">clear the mapped fields of its record</option>
            </select>
          )}
        </Labeled>
      )}
      {draft.match.length > 0 && (
        <Labeled label="When a row's match value changes" error={said(placed, "match_change")} help="Such as a new email address.">
          {(ids) => <select {...ids} value={draft.matchChange || "follow"} onChange={(event) => set(["match_change"], event.target.value === "follow" ? undefined : event.target.value)}><option value="follow">update the record that the row was written to</option><option value="new">look for, or create, the record of the new value</option></select>}
        </Labeled>
      )}
    </Section>
  );
}

/** The mode in terms of a row of their own. */
function Example({ draft, sample }: { draft: Draft; sample: StepProps["sample"] }) {
  const row = sample?.rows[0];
  const [match] = draft.match;
  if (!row || !match?.from) return null;
  const value = row[sample.columns.findIndex((column) => column.name === match.from)];
  const field = Object.values(draft.fields).find((each) => each.kind === "column");
  const shown = value === undefined ? "its value" : <Value value={value} />;
  const there: Record<string, string> = { upsert: "it is updated", update: "it is updated", insert: "it is left alone", mirror: "it is updated", append: "a new one is added all the same", delete: "it is deleted", replace: "it is replaced with all others" };
  const not: Record<string, string> = { upsert: "one is created", update: "nothing happens, and the row waits", insert: "one is created", mirror: "one is created", append: "one is added", delete: "nothing happens", replace: "it is there afterwards" };
  return (
    <p className="notice"><span><b>With your first row.</b> Is there one of {draft.object || "the records"} whose {match.field} is {shown}, {there[draft.mode] ?? "…"}{field && /upsert|update|mirror/.test(draft.mode) ? `: only ${draft.fields.slice(0, 3).map((each) => each.field).join(", ")}${draft.fields.length > 3 ? " and the other mapped fields" : ""}, nothing else` : ""}. If not, {not[draft.mode] ?? "…"}.</span></p>
  );
}

const guards: [string, string, string][] = [["max_removed", "At most so many removed", "5%"], ["max_changed", "At most so many changed", "50%"], ["max_added", "At most so many added", "20%"], ["max_rejected", "Ends when so many are rejected", "10%"], ["max_invalid", "At most so many invalid", "1%"]];

export function ScheduleStep({ draft, set, placed, name }: StepProps) {
  const syncs = useSyncs().data ?? [];
  const { schedule } = draft;
  const alerts = useQuery({ queryKey: ["alerts"], queryFn: ({ signal }) => answer(api.GET("/alerts", { signal })) }).data ?? [];
  const change = (next: Partial<Draft["schedule"]>) => set(["schedule"], writeSchedule({ ...schedule, ...next }));
  return (
    <Section title="5  When, and within which bounds">
      <div className="pair">
        <Labeled label="It runs" error={said(placed, "schedule")}>
          {(ids) => <select {...ids} value={schedule.kind} onChange={(event) => change({ kind: event.target.value as Draft["schedule"]["kind"], ...(event.target.value === "after" ? { after: syncs.find((sync) => sync.name !== name)?.name ?? "" } : {}) })}><option value="request">on request only</option><option value="every">every so often</option><option value="cron">by the clock</option><option value="after">after another sync</option></select>}
        </Labeled>
        {schedule.kind === "every" && <Labeled label="Every" error={said(placed, "schedule.every")} help="15m, 1h, 1d: from one start to the next.">{(ids) => <input {...ids} value={schedule.every} onChange={(event) => change({ every: event.target.value })} />}</Labeled>}
        {schedule.kind === "cron" && <Labeled label="Cron" error={said(placed, "schedule.cron")} help="Minute, hour, day, month, weekday.">{(ids) => <input {...ids} className="mono" value={schedule.cron} onChange={(event) => change({ cron: event.target.value })} />}</Labeled>}
        {schedule.kind === "cron" && <Labeled label="Time zone" error={said(placed, "schedule.timezone")} help="UTC where none is given.">{(ids) => <input {...ids} value={schedule.timezone} placeholder={Intl.DateTimeFormat().resolvedOptions().timeZone} onChange={(event) => change({ timezone: event.target.value })} />}</Labeled>}
        {schedule.kind === "after" && <Labeled label="After" error={said(placed, "schedule.after")}>{(ids) => <><input {...ids} list="syncs-after" value={schedule.after} onChange={(event) => change({ after: event.target.value })} /><datalist id="syncs-after">{syncs.map((sync) => <option key={sync.name} value={sync.name} />)}</datalist></>}</Labeled>}
      </div>
      <h3>Guards <span className="soft">stop a run before anything is sent. A share (5%) or a number (100).</span></h3>
      <div className="guards">
        {guards.map(([guard, label, example]) => (
          <Labeled key={guard} label={label} error={said(placed, `guard.${guard}`)}>{(ids) => <input {...ids} value={draft.guard[guard] ?? ""} placeholder={`none, such as ${example}`} onChange={(event) => set(["guard", guard], event.target.value ? (/^\d+$/.test(event.target.value) ? Number(event.target.value) : event.target.value) : undefined)} />}</Labeled>
        ))}
      </div>
      <div className="row">
        <label className="check"><input type="checkbox" checked={draft.approve} onChange={(event) => set(["approve"], event.target.checked ? "required" : undefined)} />A person approves of each plan</label>
        {alerts.map((alert) => <label key={alert.name} className="check"><input type="checkbox" checked={draft.alerts.includes(alert.name)} onChange={(event) => { const next = event.target.checked ? [...draft.alerts, alert.name] : draft.alerts.filter((each) => each !== alert.name); set(["alerts"], next.length ? next : undefined); }} />Tell {alert.name}</label>)}
      </div>
      <div className="pair">
        <Labeled label="What it is for">{(ids) => <input {...ids} value={draft.description} onChange={(event) => set(["description"], event.target.value || undefined)} />}</Labeled>
        <Labeled label="Owner">{(ids) => <input {...ids} value={draft.owner} onChange={(event) => set(["owner"], event.target.value || undefined)} />}</Labeled>
      </div>
    </Section>
  );
}
