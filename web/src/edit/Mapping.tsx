// Which column fills which field: a list of two columns, with what three real rows make of it.
import { useQuery } from "@tanstack/react-query";
import { ChevronDown, ChevronRight, Plus, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { answer, api, type Field } from "../api/client";
import { Value } from "../design/Json";
import { Button, Section, Trouble } from "../design/parts";
import { plural } from "../words/numbers";
import { type FieldDraft, type FieldKind, writeField } from "./draft";
import { type StepProps, said, useFields } from "./steps";
import { clash, likeness, suggest } from "./suggest";

export function Mapping({ draft, set, placed, sample, previewError, previewing }: StepProps & { previewError: unknown; previewing: boolean }) {
  const asked = useFields(draft.destination, draft.object);
  const fields = asked.data?.fields ?? [];
  const columns = sample?.columns ?? [];
  const mapped = new Set([...draft.fields, ...draft.match].map((each) => each.field));
  const suggestions = suggest(fields, columns, mapped);
  const accept = (field: string, column: string) => set(["fields", field], column);
  return (
    <Section title="3  Which column fills which field" more={suggestions.length > 1 && <Button onClick={() => suggestions.forEach((each) => accept(each.field, each.column))}>Take all {plural(suggestions.length, "suggestion")}</Button>}>
      <p className="soft prose">A field that is not here is never touched.{asked.data && !asked.data.discovered && " These fields come from the connector's declaration; the destination cannot be asked."}{previewing && " The samples are being read."}</p>
      {asked.error && <Trouble error={asked.error} title="The fields cannot be listed" retry={() => void asked.refetch()} />}
      {previewError ? <Trouble error={previewError} title="No samples" /> : null}
      {said(placed, "fields") && <p className="field-error">{said(placed, "fields")}</p>}
      <ul className="mapping panel">
        {draft.fields.map((field, index) => (
          <MappedRow key={index} field={field} known={fields.find((each) => each.name === field.field)} columns={columns} error={said(placed, `fields.${field.field}`)}
            samples={samplesOf(field, sample)}
            onChange={(next) => set(["fields", field.field], writeField(next))} onRemove={() => set(["fields", field.field], undefined)} />
        ))}
        {suggestions.map((each) => (
          <li key={each.field} className="suggested">
            <div className="mapping-row">
              <FieldName name={each.field} known={fields.find((field) => field.name === each.field)} />
              <span className="soft">from <code>{each.column}</code>?</span>
              <span className="mapping-sample" />
              <Button onClick={() => accept(each.field, each.column)} aria-label={`Take it: ${each.column} for ${each.field}`}>Take it</Button>
            </div>
          </li>
        ))}
        {draft.fields.length + suggestions.length === 0 && <li className="mapping-none soft">{draft.model && draft.object ? "Nothing is mapped yet." : "Choose a model and an object first."}</li>}
        <li><AddField fields={fields.filter((field) => !mapped.has(field.name) && !field.read_only)} onAdd={(name) => set(["fields", name], columns.find((column) => column.name === name)?.name ?? columns[0]?.name ?? "")} /></li>
      </ul>
      {fields.filter((field) => field.required && !mapped.has(field.name)).map((field) => <p key={field.name} className="field-error">{field.label ?? field.name} is required there, and is not mapped.</p>)}
    </Section>
  );
}

const FieldName = ({ name, known }: { name: string; known?: Field }) => (
  <span className="mapping-field">
    <code>{name}</code>
    <small className="faint">{known ? [known.label !== name ? known.label : "", known.type].filter(Boolean).join(", ") : ""}{known?.required && <b> required</b>}</small>
  </span>
);

const kinds: Record<FieldKind, string> = { column: "column", sql: "SQL", value: "always", template: "message" };

function MappedRow({ field, known, columns, samples, error, onChange, onRemove }: {
  field: FieldDraft; known?: Field; columns: { name: string; type: string }[]; samples?: unknown[]; error?: string; onChange: (next: FieldDraft) => void; onRemove: () => void;
}) {
  const [open, setOpen] = useState(false);
  const column = columns.find((each) => each.name === field.from);
  const wrong = error ?? unknownColumn(field, columns);
  const warning = field.kind === "column" ? clash(column?.type, known?.type, field.transforms.length) : undefined;
  return (
    <li className={wrong ? "wrong" : ""}>
      <div className="mapping-row">
        <FieldName name={field.field} known={known} />
        <span className="mapping-from">
          <select aria-label={`How ${field.field} is filled`} className="kind-of" value={field.kind} onChange={(event) => onChange({ ...field, kind: event.target.value as FieldKind, from: event.target.value === "column" ? columns[0]?.name ?? "" : event.target.value === "sql" && field.kind === "column" ? field.from : "" })}>
            {Object.entries(kinds).map(([kind, word]) => <option key={kind} value={kind}>{word}</option>)}
          </select>
          {field.kind === "column"
            ? <select aria-label={`The column for ${field.field}`} value={field.from} onChange={(event) => onChange({ ...field, from: event.target.value })}>{!column && <option value={field.from}>{field.from || "Choose"}</option>}{columns.map((each) => <option key={each.name} value={each.name}>{each.name}</option>)}</select>
            : <input aria-label={`${kinds[field.kind]} for ${field.field}`} className={field.kind === "value" ? "" : "mono"} value={field.from} onChange={(event) => onChange({ ...field, from: event.target.value })} />}
        </span>
        <span className="mapping-sample">{samples && [...new Set(samples)].map((value, index) => <Value key={index} value={value} />)}</span>
        <span className="row mapping-tools">
          <button type="button" className="icon-button" aria-expanded={open} aria-label={`More about ${field.field}`} title="Transforms, and how it is written" onClick={() => setOpen(!open)}>{open ? <ChevronDown size={16} aria-hidden /> : <ChevronRight size={16} aria-hidden />}</button>
          <button type="button" className="icon-button" aria-label={`Leave out ${field.field}`} title="Leave it out" onClick={onRemove}><Trash2 size={16} aria-hidden /></button>
        </span>
      </div>
      {(field.transforms.length > 0 || field.write || field.null) && !open && <p className="small soft mapping-note">{[field.transforms.map(transformName).join(" → "), field.write, field.null === "omit" ? "NULL leaves it alone" : ""].filter(Boolean).join(", ")}</p>}
      {wrong && <p className="field-error mapping-note">{wrong}</p>}
      {warning && !wrong && <p className="small tone-warn toned mapping-note">{warning}</p>}
      {open && <More field={field} onChange={onChange} />}
    </li>
  );
}

/** What three rows make of a field: through the mapping, or the column as it is. */
function samplesOf(field: FieldDraft, sample: StepProps["sample"]): unknown[] | undefined {
  if (sample?.payloads?.length) return sample.payloads.slice(0, 3).map((payload) => (payload as Record<string, unknown>)[field.field]);
  const at = field.kind === "column" && field.transforms.length === 0 ? sample?.columns.findIndex((column) => column.name === field.from) ?? -1 : -1;
  return at < 0 ? undefined : sample?.rows.slice(0, 3).map((row) => row[at]);
}

function unknownColumn(field: FieldDraft, columns: { name: string }[]): string | undefined {
  if (field.kind !== "column" || !columns.length || columns.some((column) => column.name === field.from)) return undefined;
  const near = [...columns].sort((a, b) => likeness(field.from, b.name) - likeness(field.from, a.name))[0];
  return `the model has no column '${field.from}'${near && likeness(field.from, near.name) > 0 ? `; did you mean '${near.name}'?` : ""}`;
}

const transformName = (one: unknown): string => (typeof one === "object" && one !== null ? Object.keys(one)[0] ?? "" : String(one));

function More({ field, onChange }: { field: FieldDraft; onChange: (next: FieldDraft) => void }) {
  const known = useQuery({ queryKey: ["transforms"], queryFn: ({ signal }) => answer(api.GET("/transforms", { signal })), staleTime: Infinity }).data ?? [];
  return (
    <div className="mapping-more">
      <div className="stack">
        <span className="small soft">Transforms, one after the other</span>
        <div className="row">
          {field.transforms.map((one, index) => <span key={index} className="chip" title={known.find((each) => each.name === transformName(one))?.help}>{transformName(one)}<button type="button" aria-label={`Remove ${transformName(one)}`} onClick={() => onChange({ ...field, transforms: field.transforms.filter((_, at) => at !== index) })}>×</button></span>)}
          <select aria-label={`Add a transform to ${field.field}`} value="" onChange={(event) => onChange({ ...field, transforms: [...field.transforms, event.target.value] })}>
            <option value="">Add</option>
            {known.map((each) => <option key={each.name} value={each.name}>{each.name}: {each.help}</option>)}
          </select>
        </div>
      </div>
      <label className="stack small soft">It is written
        <select value={field.write ?? "always"} onChange={(event) => onChange({ ...field, write: event.target.value })}><option value="always">always</option><option value="on_create">only when the record is created</option><option value="if_empty">only if it is empty there</option><option value="if_unchanged">only if nobody else has changed it</option></select>
      </label>
      <label className="stack small soft">NULL
        <select value={field.null ?? "clear"} onChange={(event) => onChange({ ...field, null: event.target.value })}><option value="clear">clears the field</option><option value="omit">leaves it alone</option></select>
      </label>
    </div>
  );
}

function AddField({ fields, onAdd }: { fields: Field[]; onAdd: (name: string) => void }) {
  const [name, setName] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    if (name.trim()) onAdd(name.trim());
    setName("");
  };
  return (
    <form className="mapping-row add-field" onSubmit={submit}>
      <input aria-label="Another field" list="all-fields" placeholder="Another field" value={name} onChange={(event) => setName(event.target.value)} />
      <datalist id="all-fields">{fields.map((field) => <option key={field.name} value={field.name}>{[field.label, field.type].filter(Boolean).join(", ")}</option>)}</datalist>
      <Button type="submit" icon={Plus} disabled={!name.trim()}>Add</Button>
    </form>
  );
}
