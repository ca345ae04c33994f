// A difference as people read it: the old value struck, the new one marked; what did not change is folded away.
import { useState } from "react";
import { Masked, Value } from "../design/Json";
import { plural } from "../words/numbers";

export interface FieldChange { field: string; before?: unknown; after?: unknown; changed?: boolean; masked?: boolean }

export function FieldDiff({ fields, change }: { fields: readonly FieldChange[]; change: string }) {
  const [all, setAll] = useState(false);
  const changed = fields.filter((field) => field.changed ?? true);
  const shown = all ? fields : changed;
  const same = fields.length - changed.length;
  const value = (field: FieldChange, side: "before" | "after") => (field.masked && field[side] !== undefined && field[side] !== null ? <Masked /> : <Value value={field[side]} />);
  // Where it is not known what was there before, nothing is claimed of it.
  const unknown = change === "changed" && fields.every((field) => field.before === undefined);
  if (change !== "changed" || unknown)
    return (
      <dl className="field-list">
        {fields.map((field) => <div key={field.field}><dt><code>{field.field}</code></dt><dd>{change === "removed" ? <del>{value(field, "before")}</del> : <ins>{value(field, "after")}</ins>}</dd></div>)}
      </dl>
    );
  return (
    <div className="field-diff">
      <table>
        <thead className="unseen"><tr><th>Field</th><th>Before</th><th>After</th></tr></thead>
        <tbody>
          {shown.map((field) => (
            <tr key={field.field} className={field.changed === false ? "same" : ""}>
              <th scope="row"><code>{field.field}</code></th>
              <td>{field.changed === false ? value(field, "before") : <del>{value(field, "before")}</del>}</td>
              <td>{field.changed === false ? "" : <ins>{value(field, "after")}</ins>}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {same > 0 && <button type="button" className="button quiet small" onClick={() => setAll(!all)}>{all ? "Only what changes" : `${plural(same, "field")} stay as they are`}</button>}
    </div>
  );
}

/** What an operation changed, as far as its record says. */
export function changesOf(payload: Record<string, unknown> | undefined, before: Record<string, unknown> | undefined): FieldChange[] {
  const fields = [...new Set([...Object.keys(payload ?? {}), ...Object.keys(before ?? {})])];
  return fields.map((field) => ({ field, before: before?.[field], after: payload?.[field], changed: !before || JSON.stringify(before[field]) !== JSON.stringify(payload?.[field]) }));
}
