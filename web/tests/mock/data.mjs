// A project of a made-up company, always the same one: what the mock answers is worked out from names and numbers.
export function dice(text) {
  let seed = 2166136261;
  for (const letter of text) seed = Math.imul(seed ^ letter.charCodeAt(0), 16777619) >>> 0;
  return () => {
    seed = (seed + 0x6d2b79f5) >>> 0;
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const MINUTE = 60_000;
export const iso = (at) => new Date(at).toISOString();

// name, model, destination, object, mode, owner, tags, every (minutes), rows, health, description
const table = [
  ["customers_to_crm", "customers", "crm", "contacts", "upsert", "mara", ["sales"], 15, 1_200_000, "partial", "What sales sees of each customer."],
  ["companies_to_crm", "companies", "crm", "companies", "upsert", "mara", ["sales"], 30, 84_300, "healthy", "Accounts with revenue and plan."],
  ["deals_to_crm", "deals", "crm", "deals", "update", "mara", ["sales"], 30, 31_870, "healthy", ""],
  ["newsletter_audience", "subscribers", "mail", "lists/members", "mirror", "joris", ["marketing", "gdpr"], 60, 412_000, "stopped", "Who gets the newsletter. Removals count: GDPR."],
  ["events_to_braze", "product_events", "engage", "events", "append", "joris", ["marketing"], 5, 9_400_000, "running", "Purchases and trial events for campaigns."],
  ["attributes_to_braze", "customers", "engage", "users", "upsert", "joris", ["marketing"], 60, 1_200_000, "healthy", ""],
  ["tickets_context", "customers", "support", "users", "upsert", "aylin", ["support"], 60, 640_200, "healthy", "Plan and value beside each ticket."],
  ["churn_risk_alerts", "churn_risk", "chat", "messages", "append", "aylin", ["support", "sales"], 1440, 212, "healthy", "One digest a day of customers at risk."],
  ["lookalike_seed", "best_customers", "ads", "custom_audiences", "mirror", "joris", ["ads"], 1440, 48_000, "failed", "Best customers as the seed of lookalike audiences."],
  ["conversions_upload", "conversions", "search_ads", "conversions", "append", "joris", ["ads"], 60, 18_400, "late", ""],
  ["finance_export", "invoices", "lake", "invoices.parquet", "replace", "tom", ["finance"], 1440, 2_310_000, "paused", "Invoices for the auditors' bucket."],
  ["partners_sheet", "partners", "sheet", "Partners", "upsert", "", [], 0, 0, "never", "A sheet for the partner team."],
];
const titles = { crm: "HubSpot", mail: "Mailchimp", engage: "Braze", support: "Zendesk", chat: "Slack", ads: "Meta Ads", search_ads: "Google Ads", lake: "S3", sheet: "Google Sheets" };
export const types = { crm: "hubspot", mail: "mailchimp", engage: "braze", support: "zendesk", chat: "slack", ads: "meta", search_ads: "google_ads", lake: "s3", sheet: "google_sheets" };

function runOf(sync, rows, health, index, at) {
  const roll = dice(`${sync}:${index}`);
  const first = index === 0;
  const bad = first && ["failed", "stopped"].includes(health);
  const changed = rows < 1000 ? Math.round(rows * 0.02 * roll()) : Math.round(rows * 0.003 * (0.3 + roll()));
  const added = Math.round(changed * 0.2);
  const rejected = bad || health === "healthy" ? (roll() > 0.86 && !first ? 3 : 0) : health === "partial" ? 9 : 0;
  const status = bad ? health : rejected ? "partial" : "succeeded";
  const sent = status === "stopped" ? 0 : status === "failed" ? Math.round(changed * 0.3) : changed;
  const seconds = Math.max(1.4, rows / 190_000 + sent / 1400);
  const invalid = health === "partial" ? 12 : 0;
  const waiting = health === "partial" ? 31 : 0;
  return {
    run: `${iso(at).replace(/[-:]/g, "").slice(0, 15)}Z-${sync.slice(0, 4)}`, sync, status, kind: index === 7 ? "full" : "run",
    started: iso(at), finished: iso(at + seconds * 1000), seconds: Math.round(seconds * 10) / 10,
    rows, added, changed: changed - added, removed: status === "stopped" ? Math.round(rows * 0.31) : 0,
    unchanged: rows - changed - invalid - waiting, invalid, waiting,
    sent, accepted: Math.max(0, sent - rejected), rejected: Math.min(rejected, sent), skipped: 0, in_doubt: first && health === "late" ? 2 : 0, failed: status === "failed" ? changed - sent : 0,
    requests: Math.ceil(sent / 100), throttled: roll() > 0.7 ? 2 : 0, cause: index % 6 === 5 ? "request" : "schedule", by: index % 6 === 5 ? "mara" : undefined,
    error: status === "failed" ? "The access token has expired: \"Error validating access token: Session has expired\"" : status === "stopped" ? "guard max_removed: 127,720 of 412,000 rows (31 %) would be removed, more than 5 %" : undefined,
  };
}

export const history = new Map(); // every run of a sync, newest first

function syncOf([name, model, destination, object, mode, owner, tags, every, rows, health, description], now) {
  const step = (every || 60) * MINUTE;
  const roll = dice(name);
  const lastAt = now - Math.round((0.2 + roll() * 0.6) * step) - (health === "late" ? 26 * 60 * MINUTE : health === "failed" ? 40 * MINUTE : 0);
  const runs = health === "never" ? [] : Array.from({ length: Math.max(20, Math.min(96, Math.round(1440 / (every || 60)))) }, (_, index) => runOf(name, rows, health, index, lastAt - index * step));
  history.set(name, runs);
  const waiting = health === "partial" ? 31 : 0;
  return {
    name, description, owner: owner || undefined, tags, model, source: "warehouse", destination, destination_title: titles[destination] ?? destination, object, mode,
    paused: health === "paused", health, accepted: health === "never" ? 0 : Math.max(0, rows - waiting), waiting, in_doubt: health === "late" ? 2 : 0,
    last_run: runs[0], last_runs: runs.slice(0, 20), fresh_at: runs.length ? runs.find((run) => run.status !== "failed" && run.status !== "stopped")?.finished : undefined,
    schedule: every ? (every === 1440 ? "daily at 07:00 Europe/Berlin" : every === 60 ? "every hour" : `every ${every} minutes`) : undefined,
    next_run: every && health !== "paused" ? iso(Math.max(now + 20_000, lastAt + step + (health === "late" ? 26 * 60 * MINUTE + step : health === "failed" ? 40 * MINUTE : 0))) : undefined,
    late_since: health === "late" ? iso(now - 24 * 60 * MINUTE) : undefined,
  };
}

const kinds = ["customers", "orders", "accounts", "leads", "visits", "carts"];
function many(now) {
  const healths = ["healthy", "healthy", "healthy", "healthy", "healthy", "healthy", "healthy", "partial", "paused", "failed"];
  const destinations = Object.keys(titles);
  return Array.from({ length: 1000 }, (_, index) => {
    const roll = dice(`many${index}`);
    const kind = kinds[Math.floor(roll() * kinds.length)];
    const destination = destinations[Math.floor(roll() * destinations.length)];
    const row = [`${kind}_${["de", "fr", "nl", "us", "uk"][index % 5]}_${String(index).padStart(4, "0")}`, kind, destination, "contacts", "upsert",
      ["mara", "joris", "aylin", "tom"][index % 4], [`team-${index % 7}`], [15, 60, 1440][index % 3], Math.round(roll() * 500_000), healths[Math.floor(roll() * 10)], ""];
    const sync = syncOf(row, now);
    return { ...sync, last_runs: sync.last_runs.slice(0, 6) };
  });
}

export function syncsOf(mode, now) {
  if (mode === "none") return [];
  if (mode === "much") return many(now);
  if (mode === "broken") return table.map((row) => syncOf(row.map((cell, at) => (at === 9 ? ["failed", "stopped", "late", "partial"][dice(row[0])() * 4 | 0] : cell)), now));
  if (mode === "little") return [syncOf(table[1], now)];
  return table.map((row) => syncOf(row, now));
}

export const fieldsOf = {
  match: [{ field: "email", from: "email", pii: true }],
  fields: [
    { field: "firstname", from: "first_name", pii: true },
    { field: "lastname", from: "last_name", pii: true },
    { field: "phone", from: "phone", transforms: ["phone"], write: "if_empty", null: "omit", pii: true },
    { field: "company", from: "company" },
    { field: "country", from: "country", transforms: ["country_alpha2"] },
    { field: "tier", sql: "case when ltv > 1000 then 'gold' when ltv > 0 then 'standard' else 'lead' end" },
    { field: "lifetime_value", from: "ltv" },
    { field: "orders", from: "orders" },
    { field: "last_order", from: "last_order_at" },
    { field: "lead_source", value: "warehouse", write: "on_create" },
  ],
};

export const customersYaml = `# What sales should see of each customer, in the CRM where they work.
model: customers
destination: crm
object: contacts
mode: upsert
match: { email: email } # destination field: model column
fields:
  firstname: first_name
  lastname: last_name
  phone: { from: phone, transform: phone, write: if_empty, null: omit }
  company: company
  country: { from: country, transform: country_alpha2 }
  tier: { sql: "case when ltv > 1000 then 'gold' when ltv > 0 then 'standard' else 'lead' end" }
  lifetime_value: ltv
  orders: orders
  last_order: last_order_at
  lead_source: { value: warehouse, write: on_create } # only new contacts
schedule: { every: 15m }
guard: { max_changed: 50%, max_removed: 5% } # more than that is likely a mistake
alerts: [ops]
`;

const first = ["Ana", "Ben", "Chiara", "Deniz", "Elif", "Farid", "Greta", "Hana", "Ivo", "Jonas", "Katja", "Luis", "Mina", "Noor", "Otto", "Paula"];
const last = ["Almeida", "Becker", "Conti", "Demir", "Eriksen", "Fischer", "Garcia", "Horvat", "Ibsen", "Jansen", "Keller", "Lindqvist", "Moreau", "Nowak"];
const companies = ["Northwind Mills", "Aalto Studio", "Brightwater GmbH", "Casa Verde", "Delft Optics", "Emberline", "Fjord & Co"];
export function person(index) {
  const roll = dice(`p${index}`);
  const given = first[Math.floor(roll() * first.length)];
  const family = last[Math.floor(roll() * last.length)];
  return { id: 100000 + index, given, family, email: `${given}.${family}${index}@example.com`.toLowerCase(), company: companies[Math.floor(roll() * companies.length)],
    country: ["DE", "FR", "NL", "ES", "SE"][Math.floor(roll() * 5)], ltv: Math.round(roll() * 480000) / 100, orders: Math.floor(roll() * 40), phone: `+49 30 ${1000000 + Math.floor(roll() * 8999999)}` };
}
const tier = (ltv) => (ltv > 1000 ? "gold" : ltv > 0 ? "standard" : "lead");
export const payload = (who) => ({ firstname: "•••", lastname: "•••", company: who.company, country: who.country, tier: tier(who.ltv), lifetime_value: who.ltv, orders: who.orders });

export function operation(run, sync, index, base) {
  const who = person(index);
  const roll = dice(`op${index}`)();
  const outcome = index % 113 === 5 ? "rejected" : index % 2711 === 9 ? "in_doubt" : index % 401 === 7 ? "skipped" : "accepted";
  const twice = index % 2 === 0;
  const error = outcome === "rejected" ? (twice ? { code: "INVALID_EMAIL", message: `Property values were not valid: "${who.given.toLowerCase()}@@example.com" is not a valid email address` }
    : { code: "SEVERAL_MATCH", message: `several contacts match phone ${who.phone}: 50${index}1, 50${index}2` }) : outcome === "in_doubt" ? { code: "NO_REPLY", message: "the connection was lost after the request had gone out" } : null;
  return { run, sync, key: String(who.id), change: index % 5 === 0 ? "added" : "changed", why: index % 5 === 0 ? "never accepted before" : "tier, orders", operation: "upsert", outcome, attempt: index % 17 === 3 ? 2 : 1,
    status: outcome === "rejected" ? 400 : outcome === "in_doubt" ? 0 : 200, error, at: iso(base + index * 9), latency_ms: Math.round((60 + roll * 190) * 10) / 10, record_id: outcome === "accepted" ? String(50100000 + index) : undefined, created: index % 5 === 0 };
}

export function planRow(index) {
  const who = person(index * 7);
  const change = index % 9 === 0 ? "added" : index % 31 === 3 ? "removed" : "changed";
  const now = { firstname: "•••", email: "•••", company: who.company, country: who.country, tier: tier(who.ltv), lifetime_value: who.ltv, orders: who.orders };
  const changed = change === "changed" ? ["orders", "lifetime_value", ...(index % 4 === 0 ? ["tier"] : [])] : Object.keys(now);
  const before = { ...now, orders: who.orders - 1, lifetime_value: Math.round((who.ltv - 49.9) * 100) / 100, tier: who.ltv > 1000 ? "standard" : "lead" };
  return { key: String(who.id), change, why: change === "changed" ? "values differ from what was accepted" : change === "added" ? "never accepted before" : "no longer in the model",
    fields: Object.keys(now).map((field) => ({ field, before: change === "added" ? undefined : before[field], after: change === "removed" ? undefined : now[field], changed: changed.includes(field), masked: ["firstname", "email"].includes(field) })) };
}
