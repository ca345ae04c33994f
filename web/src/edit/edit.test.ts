import { describe, expect, it } from "vitest";
import { fileOf, kindsOf, missing } from "./connect";
import { place, readDraft, readField, renameField, setIn, writeField, writeSchedule } from "./draft";
import { unified } from "./lines";
import { readModel, setModel } from "./ModelEditor";
import { sentence } from "./sentence";
import { clash, suggest, words } from "./suggest";

const yaml = `# What sales should see.
model: customers
destination: crm
object: contacts
mode: upsert
match: { email: email } # finds it
fields:
  firstname: first_name # by name
  phone: { from: phone, transform: [trim, { phone: DE }], write: if_empty, null: omit }
  tier: { sql: "case when ltv > 1000 then 'gold' end" }

  lead_source: { value: warehouse, write: on_create }
schedule: { every: 15m }
guard: { max_removed: 5% }
`;

describe("a draft", () => {
  it("reads what the YAML says", () => {
    const { draft } = readDraft(yaml);
    expect(draft).toMatchObject({ model: "customers", mode: "upsert", guard: { max_removed: "5%" }, schedule: { kind: "every", every: "15m" } });
    expect(draft?.fields.map((field) => [field.field, field.kind])).toEqual([["firstname", "column"], ["phone", "column"], ["tier", "sql"], ["lead_source", "value"]]);
    expect(draft?.fields[1]).toMatchObject({ transforms: ["trim", { phone: "DE" }], write: "if_empty", null: "omit" });
  });
  it("says where the YAML breaks, and reads odd files without falling over", () => {
    expect(readDraft("model: [customers\nmode: upsert").error?.line).toBeGreaterThan(0);
    expect(readDraft("- a\n- b").error?.message).toContain("map");
    expect(readDraft("").draft).toMatchObject({ model: "", fields: [] });
    expect(readDraft("model: customers\nfields: nonsense\nguard: 5\nalerts: ops").draft).toMatchObject({ fields: [], guard: {}, alerts: ["ops"] });
  });
});

describe("an edit of the form", () => {
  it("changes one line of the YAML and keeps all comments", () => {
    const next = setIn(yaml, ["mode"], "update");
    expect(next).toBe(yaml.replace("mode: upsert", "mode: update"));
    expect(setIn(yaml, ["fields", "firstname"], "given_name")).toBe(yaml.replace("firstname: first_name", "firstname: given_name"));
    expect(setIn(yaml, ["guard", "max_removed"], "7%")).toBe(yaml.replace("5%", "7%"));
  });
  it("puts new keys where people expect them", () => {
    expect(setIn("model: customers\nschedule: { every: 15m }\n", ["mode"], "upsert")).toBe("model: customers\nmode: upsert\nschedule: { every: 15m }\n");
    expect(setIn("model: customers\n", ["guard", "max_removed"], "5%")).toBe("model: customers\nguard: { max_removed: 5% }\n");
    expect(setIn("model: customers\n", ["fields", "email"], "email")).toBe("model: customers\nfields:\n  email: email\n");
    expect(setIn("", ["model"], "customers")).toBe("model: customers\n");
  });
  it("takes out what is empty", () => {
    expect(setIn(yaml, ["guard", "max_removed"], undefined)).toBe(yaml.replace("guard: { max_removed: 5% }\n", ""));
    expect(setIn(yaml, ["schedule"], undefined)).not.toContain("schedule");
    expect(setIn(yaml, ["fields", "tier"], undefined)).not.toContain("tier");
  });
  it("writes the word null as a word", () => {
    expect(setIn("fields:\n  a: b\n", ["fields", "a"], writeField({ ...readField("a", "b"), null: "omit" }))).toBe("fields:\n  a: { from: b, null: omit }\n");
  });
  it("leaves YAML alone that cannot be read", () => expect(setIn("a: [", ["mode"], "upsert")).toBe("a: ["));
  it("renames a field at its place", () => expect(renameField(yaml, "firstname", "given")).toContain("  given: first_name # by name"));
});

describe("a field", () => {
  it("is written in its shortest form", () => {
    expect(writeField(readField("a", "col"))).toBe("col");
    expect(writeField({ ...readField("a", "col"), transforms: ["trim"] })).toEqual({ from: "col", transform: "trim" });
    expect(writeField({ field: "a", kind: "value", from: "12", transforms: [] })).toEqual({ value: 12 });
    expect(writeField({ field: "a", kind: "value", from: "012", transforms: [] })).toEqual({ value: "012" });
    expect(writeField({ field: "a", kind: "sql", from: "x + 1", transforms: [], write: "always", null: "clear" })).toEqual({ sql: "x + 1" });
  });
  it("goes there and back", () => {
    for (const given of ["col", { from: "c", transform: ["trim", { phone: "DE" }], write: "on_create" }, { sql: "a" }, { value: true }, { template: "Hi {name}" }]) expect(writeField(readField("f", given))).toEqual(given);
  });
});

it("a schedule is written as people write it", () => {
  const base = { kind: "every" as const, every: "1h", cron: "0 7 * * *", timezone: "Europe/Berlin", after: "a, b" };
  expect(writeSchedule(base)).toEqual({ every: "1h" });
  expect(writeSchedule({ ...base, kind: "cron" })).toEqual({ cron: "0 7 * * *", timezone: "Europe/Berlin" });
  expect(writeSchedule({ ...base, kind: "after" })).toEqual({ after: ["a", "b"] });
  expect(writeSchedule({ ...base, kind: "request" })).toBeUndefined();
});

it("diagnostics are told beside what they are about", () => {
  const at = (line: number, column: number) => place(yaml, [{ severity: "error", message: "m", file: "f", line, column }], "f").keys().next().value;
  expect(at(9, 18)).toBe("fields.phone");
  expect(at(5, 7)).toBe("mode");
  expect(at(14, 23)).toBe("guard.max_removed");
  expect(place(yaml, [{ severity: "error", message: "m", file: "other" }], "f").size).toBe(0);
});

describe("suggestions", () => {
  const column = (name: string, type = "VARCHAR") => ({ name, type });
  it("go by name, however it is spelled", () => {
    expect(words("LastOrders")).toEqual(["last", "order"]);
    const found = suggest([{ name: "firstname" }, { name: "lifetime_value", type: "number" }, { name: "EMAIL_ADDRESS" }, { name: "id", read_only: true }, { name: "zip" }], [column("first_name"), column("ltv", "DOUBLE"), column("email"), column("id"), column("city")], new Set());
    expect(found.map((each) => [each.field, each.column])).toEqual([["firstname", "first_name"], ["lifetime_value", "ltv"], ["EMAIL_ADDRESS", "email"]]);
  });
  it("leave alone what is mapped, and what does not fit by type", () => {
    expect(suggest([{ name: "email" }], [column("email")], new Set(["email"]))).toEqual([]);
    expect(suggest([{ name: "orders_date", type: "date" }], [column("orders", "INTEGER")], new Set())).toEqual([]);
  });
  it("types that clash are told, unless something converts", () => {
    expect(clash("VARCHAR", "number", 0)).toContain("varchar into number");
    expect(clash("VARCHAR", "number", 1)).toBeUndefined();
    expect(clash("INTEGER", "text", 0)).toBeUndefined();
  });
});

describe("a difference of lines", () => {
  it("has what changed and three lines around it", () => {
    const before = Array.from({ length: 20 }, (_, index) => `line ${index}`).join("\n");
    expect(unified(before, before.replace("line 10", "line ten")).split("\n")).toEqual(["@@", " line 7", " line 8", " line 9", "-line 10", "+line ten", " line 11", " line 12", " line 13"]);
  });
  it("of nothing, to nothing, and of equals", () => {
    expect(unified("", "a\nb\n")).toBe("+a\n+b");
    expect(unified("a\n", "")).toBe("-a");
    expect(unified("a\nb\n", "a\nb\n")).toBe("");
  });
});

describe("connecting", () => {
  const settings = [{ name: "access_token", secret: true, required: true }, { name: "account", default: "professional" }, { name: "threads", type: "integer" }];
  it("puts secrets into the store and only names them in the file", () => {
    const file = fileOf("crm", "hubspot", settings, { access_token: "pat-123", account: "starter", threads: "4" });
    expect(file.yaml).toBe("type: hubspot\naccess_token: ${secret:crm_access_token}\naccount: starter\nthreads: 4\n");
    expect(file.secrets).toEqual([{ name: "crm_access_token", value: "pat-123" }]);
  });
  it("keeps references, and leaves out what is usual", () => {
    const file = fileOf("crm", "hubspot", settings, { access_token: "${env:TOKEN}", account: "professional" });
    expect(file.yaml).toBe("type: hubspot\naccess_token: ${env:TOKEN}\n");
    expect(file.secrets).toEqual([]);
    expect(missing(settings, { access_token: " " })).toEqual(["access_token"]);
  });
  it("reads the kinds of a JSON Schema", () => {
    const [kind] = kindsOf({ oneOf: [{ $ref: "#/$defs/postgres" }], $defs: { postgres: { description: "A server", required: ["type", "url"], properties: { type: { const: "postgres" }, url: { type: "string", examples: ["x"] }, password: { type: "string" } } } } });
    expect(kind).toMatchObject({ type: "postgres", settings: [{ name: "url", required: true, example: "x" }, { name: "password", secret: true }] });
  });
});

describe("a model", () => {
  it("keeps its query as a block, and its comments", () => {
    const text = "# one row a customer\nsource: warehouse\nprimary_key: id\nsql: select 1\n";
    const next = setModel(text, "sql", "select id\nfrom customers");
    expect(next).toBe("# one row a customer\nsource: warehouse\nprimary_key: id\nsql: |\n  select id\n  from customers\n");
    expect(readModel(next)).toMatchObject({ source: "warehouse", key: "id", sql: "select id\nfrom customers\n" });
    expect(setModel(next, "pii", ["email"])).toContain("pii: [email]");
  });
});

it("a model in a .sql file has its YAML in a comment at the head", () => {
  const text = "/*\nsource: warehouse # ours\nprimary_key: id\n*/\nselect id\nfrom customers\n";
  expect(readModel(text)).toMatchObject({ source: "warehouse", key: "id", sql: "select id\nfrom customers\n" });
  expect(setModel(text, "sql", "select 1\n")).toBe("/*\nsource: warehouse # ours\nprimary_key: id\n*/\nselect 1\n");
  expect(setModel(text, "pii", ["email"])).toBe("/*\nsource: warehouse # ours\nprimary_key: id\npii: [email]\n*/\nselect id\nfrom customers\n");
  expect(readModel("select * from /x")).toMatchObject({ source: "" });
  const dashes = "-- source: warehouse\n-- primary_key: id\n-- # one row a customer\n-- pii: [email]\nselect id -- the key\nfrom customers\n";
  expect(readModel(dashes)).toMatchObject({ source: "warehouse", key: "id", pii: ["email"], sql: "select id -- the key\nfrom customers\n" });
  expect(setModel(dashes, "sql", "select 1\n")).toBe("-- source: warehouse\n-- primary_key: id\n-- # one row a customer\n-- pii: [email]\nselect 1\n");
  expect(setModel(dashes, "description", "A customer")).toBe("-- source: warehouse\n-- primary_key: id\n-- # one row a customer\n-- pii: [email]\n-- description: A customer\nselect id -- the key\nfrom customers\n");
  expect(setModel(dashes, "pii", undefined)).not.toContain("pii");
});

it("says in a sentence what is being made", () => {
  const { draft } = readDraft(yaml);
  expect(draft && sentence(draft)).toBe("Each row of customers becomes one of contacts in crm, found by email: new ones are created, existing ones updated; it runs every 15m.");
});
