// The files, schemas and declarations of the made-up project.
import { customersYaml, iso, person, types } from "./data.mjs";

const title = (name) => name.replace(/_/g, " ").replace(/^./, (letter) => letter.toUpperCase());
export const connectors = ["hubspot", "salesforce", "braze", "zendesk", "mailchimp", "slack", "meta", "google_ads", "google_sheets", "intercom", "klaviyo", "marketo", "postgres", "kafka", "s3", "webhook"]
  .map((name) => ({ name, title: { hubspot: "HubSpot", s3: "S3", meta: "Meta Ads" }[name] ?? title(name), help: { hubspot: "CRM records: contacts, companies, deals, tickets and custom objects", slack: "Messages to channels, and digests of many rows", webhook: "Any HTTP API that takes JSON" }[name] ?? `Records of ${title(name)}`, own: false }))
  .concat({ name: "harbour", title: "Harbour", help: "Our own loyalty service", own: true });

export function connector(name) {
  const entry = connectors.find((each) => each.name === name);
  if (!entry) return undefined;
  return { ...entry,
    settings: [
      { name: "access_token", help: "Access token of a private app. Not needed with `refresh_token`.", type: "text", required: name !== "hubspot" ? true : false, secret: true, example: "${env:CRM_TOKEN}" },
      { name: "refresh_token", help: "The refresh token that the app got with an account's consent.", type: "text", secret: true },
      { name: "account", help: "The account's subscription; it decides the rate limit.", type: "text", default: "professional", choices: ["starter", "professional", "increased", "oauth"] },
      { name: "base_url", help: "Where the API is; another address for tests.", type: "url", default: "https://api.example.com", example: "http://127.0.0.1:8080" },
    ],
    objects: objects(name),
    page: `# ${entry.title}\n\n${entry.help}.\n\n## Setting it up\n\n1. Open *Settings → Integrations → Private Apps* and create an app.\n2. Give it the scopes \`crm.objects.contacts.read\` and \`crm.objects.contacts.write\`.\n3. Give its token to Penstock as a secret.\n\n## Limits\n\n| group | limit |\n| --- | --- |\n| crm | 190 per 10 s |\n| search | 5 per second |\n\n## Good to know\n\n- Archiving moves a record to the recycling bin, from which people can restore it.\n- Emails are stored in lower case.\n\n\`\`\`yaml\ntype: ${name}\naccess_token: \${secret:crm_token}\n\`\`\`\n` };
}
export const objects = () => [
  { name: "contacts", title: "Contacts", modes: ["insert", "update", "upsert", "mirror", "delete"] }, { name: "companies", title: "Companies", modes: ["insert", "update", "upsert"] },
  { name: "deals", title: "Deals", modes: ["insert", "update", "upsert"] }, { name: "lists/*", title: "Members of a static list, by its id", help: "Write lists/42 for the list 42.", modes: ["update", "mirror"] },
];
export const objectFields = (object) => ({ object, discovered: true, fields: [
  { name: "email", label: "Email", type: "text", required: false, unique: true }, { name: "firstname", label: "First name", type: "text" }, { name: "lastname", label: "Last name", type: "text" },
  { name: "phone", label: "Phone number", type: "text" }, { name: "company", label: "Company name", type: "text" }, { name: "country", label: "Country", type: "text" },
  { name: "tier", label: "Tier", type: "choice", values: ["lead", "standard", "gold"] }, { name: "lifetime_value", label: "Lifetime value", type: "number" }, { name: "orders", label: "Orders", type: "integer" },
  { name: "last_order", label: "Last order", type: "date" }, { name: "lead_source", label: "Lead source", type: "text" }, { name: "city", label: "City", type: "text" }, { name: "birthday", label: "Birthday", type: "date" },
  { name: "hs_object_id", label: "Record id", type: "integer", unique: true, read_only: true }, { name: "newsletter", label: "Newsletter", type: "boolean" } ] });

export const models = (syncs) => [...new Set(syncs.map((sync) => sync.model))].map((name) => ({ name, source: "warehouse", description: name === "customers" ? "One row a paying or trying customer." : "", owner: "data", primary_key: ["id"],
  sql: `select id, lower(email) as email, first_name, last_name, phone, company, country, ltv, orders, last_order_at\nfrom ${name}\nwhere not deleted`, pii: ["email", "first_name", "last_name", "phone"], file: `models/${name}.yaml`, syncs: syncs.filter((sync) => sync.model === name).map((sync) => sync.name) }));
export const sources = (syncs) => [{ name: "warehouse", type: "postgres", description: "The analytics warehouse", file: "sources/warehouse.yaml", models: models(syncs).map((model) => model.name) }];
export const destinations = (syncs) => [...new Set(syncs.map((sync) => sync.destination))].map((name) => ({ name, type: types[name] ?? "webhook", title: connectors.find((each) => each.name === types[name])?.title ?? name, file: `destinations/${name}.yaml`, rate_share: name === "crm" ? 0.8 : undefined, syncs: syncs.filter((sync) => sync.destination === name).map((sync) => sync.name) }));
export const columns = [["id", "BIGINT"], ["email", "VARCHAR"], ["first_name", "VARCHAR"], ["last_name", "VARCHAR"], ["phone", "VARCHAR"], ["company", "VARCHAR"], ["country", "VARCHAR"], ["ltv", "DOUBLE"], ["orders", "INTEGER"], ["last_order_at", "TIMESTAMP"], ["birthday", "DATE"], ["city", "VARCHAR"]].map(([name, type]) => ({ name, type }));
export const rows = (limit = 20) => ({ columns, rows: Array.from({ length: limit }, (_, index) => { const who = person(index + 3); return [who.id, "•••", "•••", "•••", "•••", who.company, who.country, who.ltv, who.orders, `2026-11-${10 + (index % 17)} 0${index % 9}:12:00`, null, "Berlin"]; }) });
export const transforms = [["trim", "Without white space at both ends", " Ana  → Ana"], ["lower", "In lower case", "ANA@X.COM → ana@x.com"], ["phone", "A telephone number as E.164", "030 123456 → +4930123456"], ["country_alpha2", "A country as its two letters", "Germany → DE"], ["hash_sha256", "SHA-256 of the text, in hexadecimal", "ana@x.com → 6a1c…"], ["date", "A date as YYYY-MM-DD", "27.11.2026 → 2026-11-27"], ["number", "A number out of a text", "1.234,50 → 1234.5"], ["json", "As JSON text", ""]].map(([name, help, example]) => ({ name, help, example }));

export const files = (syncs) => [
  { path: "penstock.yaml", kind: "project", text: "project: acme\nstate: .penstock\n" },
  { path: "sources/warehouse.yaml", kind: "source", text: "type: postgres\nurl: postgres://reader@warehouse.internal/analytics\npassword: ${secret:warehouse_password}\n" },
  ...models(syncs).map((model) => ({ path: model.file, kind: "model", text: `source: warehouse\nprimary_key: id\nsql: |\n  ${model.sql.replace(/\n/g, "\n  ")}\npii: [email, first_name, last_name, phone]\n` })),
  ...destinations(syncs).map((each) => ({ path: each.file, kind: "destination", text: `type: ${each.type}\naccess_token: \${secret:${each.name}_token}\n` })),
  ...syncs.map((sync) => ({ path: `syncs/${sync.name}.yaml`, kind: "sync", text: sync.name === "customers_to_crm" ? customersYaml : customersYaml.replace("model: customers", `model: ${sync.model}`).replace("destination: crm", `destination: ${sync.destination}`).replace("object: contacts", `object: ${sync.object}`).replace("mode: upsert", `mode: ${sync.mode}`) })),
  { path: "alerts/ops.yaml", kind: "alert", text: "type: slack\nchannel: \"#data-ops\"\nurl: ${secret:slack_hook}\non: [failed, stopped, late]\n" },
].map((file) => ({ ...file, name: file.path.replace(/^.*\//, "").replace(/\.\w+$/, ""), version: String(file.text.length) }));

export const commits = (now) => [["Newsletter: guard of 5 % for removals", "Joris Blom", ["syncs/newsletter_audience.yaml"]], ["Customers: tier from lifetime value", "Mara Fink", ["syncs/customers_to_crm.yaml", "models/customers.yaml"]], ["Conversions go every hour", "Joris Blom", ["syncs/conversions_upload.yaml"]], ["Churn risk to the support channel", "Aylin Kaya", ["syncs/churn_risk_alerts.yaml"]], ["First syncs", "Mara Fink", ["penstock.yaml"]]]
  .map(([message, author, of], index) => ({ revision: (0x9f3a21bc + index * 7919 * 65537).toString(16).padStart(10, "0") + "c0ffee", author, at: iso(now - (index * 31 + 3) * 3_600_000), message, files: of,
    diff: `--- a/${of[0]}\n+++ b/${of[0]}\n@@ -14,4 +14,5 @@\n schedule: { every: 15m }\n-guard: { max_changed: 50% }\n+guard: { max_changed: 50%, max_removed: 5% }\n+# more than that is likely a mistake\n alerts: [ops]\n` }));

export const sourceSchema = { oneOf: [{ $ref: "#/$defs/postgres" }, { $ref: "#/$defs/duckdb" }], $defs: {
  duckdb: { title: "duckdb source", description: "A DuckDB database file, or CSV, Parquet and JSON files in place.", type: "object", properties: { type: { const: "duckdb" }, path: { type: "string", description: "The database file, relative to the project. It is only read.", examples: ["warehouse.duckdb"] }, files: { type: "object", description: "Tables made of files: a name, and where its files are.", examples: [{ customers: "data/customers/*.parquet" }] }, memory_limit: { type: "string", description: "DuckDB's buffers; beyond it, large joins and sorts spill to disk.", default: "1GB" }, threads: { type: "integer", description: "Threads that DuckDB uses." }, description: { type: "string", description: "What it is." } }, required: ["type"] },
  postgres: { title: "postgres source", description: "PostgreSQL, and what speaks its protocol, such as Redshift.", type: "object", properties: { type: { const: "postgres" }, url: { type: "string", description: "Where the database is, as libpq takes it.", examples: ["${env:WAREHOUSE_URL}"] }, password: { type: "string", description: "The password, when it stands neither in the URL nor in a password file.", examples: ["${env:WAREHOUSE_PASSWORD}"] }, description: { type: "string", description: "What it is." } }, required: ["type", "url"] } } };
