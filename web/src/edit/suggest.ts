// Which column probably fills which field: by name, then by type.
import type { Field } from "../api/client";

export interface Column { name: string; type: string }
export type Family = "text" | "number" | "time" | "boolean" | "other";

export function family(type: string | undefined): Family {
  const name = (type ?? "").toLowerCase();
  if (/char|text|string|email|url|phone|uuid|choice|enum|select/.test(name)) return "text";
  if (/bool/.test(name)) return "boolean";
  if (/date|time|epoch/.test(name)) return "time";
  if (/int|dec|num|double|float|real|money|currency|percent/.test(name)) return "number";
  return "other";
}

const short: Record<string, string> = { fname: "first name", firstname: "first name", lname: "last name", lastname: "last name", surname: "last name", givenname: "first name", ltv: "lifetime value", tel: "phone", telephone: "phone", mobile: "phone", mail: "email", zip: "postcode", org: "company", organisation: "company", organization: "company", dob: "birthday" };
const dropped = new Set(["at", "the", "of", "hs", "custom", "c"]);

/** The words of a name, spelled one way. */
export function words(name: string): string[] {
  const plain = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase().replace(/[^a-z0-9]+/g, " ").trim();
  const joined = plain.replace(/ /g, "");
  const spelled = short[joined] ?? plain.split(" ").map((word) => short[word] ?? word).join(" ");
  return spelled.split(" ").filter((word) => word && !dropped.has(word)).map((word) => (word.length > 3 ? word.replace(/(?<!s)s$/, "") : word));
}

export function likeness(field: string, column: string): number {
  const a = words(field);
  const b = words(column);
  if (!a.length || !b.length) return 0;
  if (a.join("") === b.join("")) return 1;
  const shared = a.filter((word) => b.includes(word)).length;
  return shared / Math.max(a.length, b.length);
}

export interface Suggestion { field: string; column: string; sure: number }
export function suggest(fields: readonly Field[], columns: readonly Column[], mapped: ReadonlySet<string>): Suggestion[] {
  const found: Suggestion[] = [];
  for (const field of fields) {
    if (field.read_only || mapped.has(field.name)) continue;
    let best: Suggestion | undefined;
    for (const column of columns) {
      const name = Math.max(likeness(field.name, column.name), field.label ? likeness(field.label, column.name) : 0);
      if (name < 0.5) continue;
      const fits = family(field.type) === family(column.type) || family(field.type) === "text" || family(field.type) === "other";
      const sure = name - (fits ? 0 : 0.3);
      if (sure >= 0.5 && (!best || sure > best.sure)) best = { field: field.name, column: column.name, sure };
    }
    if (best) found.push(best);
  }
  return found.sort((a, b) => b.sure - a.sure);
}

/** What may go wrong with a column of this type in a field of that type. */
export function clash(column: string | undefined, field: string | undefined, transforms: number): string | undefined {
  if (!column || !field || transforms > 0) return undefined;
  const from = family(column);
  const to = family(field);
  if (from === to || to === "text" || from === "other" || to === "other") return undefined;
  return `${column.toLowerCase()} into ${field.toLowerCase()}: a value that cannot be converted makes its row invalid`;
}
