// A form from a declaration: what it asks, and the file that it makes. Secrets go to the server's store, and the file
// names them only.
import { Document } from "yaml";
import type { Setting } from "../api/client";

export interface Answers { [setting: string]: string }
const REFERENCE = /^\$\{(env|file|secret):[^}]+\}$/;

/** The settings of one kind in a JSON Schema of `penstock schema`: for sources, whose kinds are no connectors. */
export function kindsOf(schema: unknown): { type: string; help: string; settings: Setting[] }[] {
  const root = schema as { oneOf?: { $ref?: string }[]; $defs?: Record<string, SchemaOf> };
  return (root.oneOf ?? []).flatMap(({ $ref }) => {
    const name = $ref?.split("/").at(-1) ?? "";
    const kind = root.$defs?.[name];
    if (!kind?.properties) return [];
    const type = String(kind.properties.type?.const ?? name);
    const settings = Object.entries(kind.properties).filter(([key]) => key !== "type").map(([key, value]): Setting => ({
      name: key, help: value.description, type: Array.isArray(value.type) ? value.type[0] : value.type ?? (value.$ref || value.anyOf ? "text" : value.enum ? "text" : "object"), required: kind.required?.includes(key),
      secret: /password|secret|token|private_key$/.test(key), default: value.default, choices: value.enum?.map(String), example: value.examples?.[0] === undefined ? undefined : typeof value.examples[0] === "object" ? JSON.stringify(value.examples[0]) : String(value.examples[0]),
    }));
    return [{ type, help: kind.description ?? "", settings }];
  });
}
interface SchemaOf { description?: string; required?: string[]; properties?: Record<string, { const?: unknown; description?: string; type?: string | string[]; default?: unknown; enum?: unknown[]; examples?: unknown[]; $ref?: string; anyOf?: unknown[] }> }

export const secretName = (name: string, setting: string): string => `${name}_${setting}`.toLowerCase().replace(/[^a-z0-9_]+/g, "_");

/** The file, and the secrets that must be set first. */
export function fileOf(name: string, type: string, settings: readonly Setting[], answers: Answers): { yaml: string; secrets: { name: string; value: string }[] } {
  const spec: Record<string, unknown> = { type };
  const secrets: { name: string; value: string }[] = [];
  for (const setting of settings) {
    const given = answers[setting.name]?.trim();
    if (!given || given === String(setting.default ?? "\0")) continue;
    if (setting.secret && !REFERENCE.test(given)) {
      const secret = secretName(name, setting.name);
      secrets.push({ name: secret, value: given });
      spec[setting.name] = `\${secret:${secret}}`;
    } else spec[setting.name] = typed(given, setting);
  }
  return { yaml: new Document(spec).toString({ lineWidth: 0 }), secrets };
}

function typed(given: string, setting: Setting): unknown {
  if (/int|number/.test(setting.type ?? "") && given !== "" && !Number.isNaN(Number(given))) return Number(given);
  if (setting.type === "boolean") return given === "true";
  if (/^[[{]/.test(given)) {
    try {
      return JSON.parse(given) as unknown;
    } catch {
      return given; // `penstock check` says what is wrong with it
    }
  }
  return given;
}

export function missing(settings: readonly Setting[], answers: Answers): string[] {
  return settings.filter((setting) => setting.required && !answers[setting.name]?.trim() && (setting.default === undefined || setting.default === null)).map((setting) => setting.name);
}
