// Rows of a table as a file: JSON lines, or CSV.
import type { Operation } from "../../api/client";

const columns: [string, (one: Operation) => unknown][] = [
  ["run", (one) => one.run], ["sync", (one) => one.sync], ["key", (one) => one.key], ["change", (one) => one.change], ["operation", (one) => one.operation], ["outcome", (one) => one.outcome],
  ["attempt", (one) => one.attempt], ["status", (one) => one.status], ["error_code", (one) => one.error?.code], ["error_message", (one) => one.error?.message], ["at", (one) => one.at], ["latency_ms", (one) => one.latency_ms], ["record_id", (one) => one.record_id],
];

export function csvCell(value: unknown): string {
  const text = value === undefined || value === null ? "" : String(value);
  // A sheet would take a text that begins so for a formula.
  const safe = /^[=+\-@\t\r]/.test(text) && typeof value !== "number" ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
export const csvHead = (): string => columns.map(([name]) => name).join(",") + "\n";
export const csvLines = (all: readonly Operation[]): string => all.map((one) => columns.map(([, of]) => csvCell(of(one))).join(",") + "\n").join("");
export const jsonLines = (all: readonly Operation[]): string => all.map((one) => JSON.stringify(one) + "\n").join("");

export function download(name: string, pieces: string[], type: string): void {
  const address = URL.createObjectURL(new Blob(pieces, { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
