// What the mock answers to each question.
import { customersYaml, fieldsOf, history as pasts, iso, operation, payload, person, planRow, syncsOf } from "./data.mjs";
import * as project from "./files.mjs";

const TOTAL = 100_000;
const problem = (status, title, remedy, type = "about:blank", more = {}) => ({ status, body: { type, title, status, remedy, ...more } });
const fine = (body, status = 200) => ({ status, body });
const missing = (what) => problem(404, `There is no ${what}`, "The list shows what there is.", "not_found");

export function answers({ mode, login }) {
  const start = Date.now();
  const syncs = syncsOf(mode, start);
  const files = project.files(syncs);
  const listeners = new Set();
  const timers = new Set();
  const plans = new Map();
  const users = [{ name: "mara", role: "admin", added: iso(start - 9e9), last_login: iso(start - 4e6) }, { name: "joris", role: "editor", added: iso(start - 8e9), last_login: iso(start - 9e7) }, { name: "aylin", role: "viewer", added: iso(start - 7e9) }];
  const tokens = [{ name: "ci", role: "viewer", added: iso(start - 5e9), expires: iso(start + 3e9), last_used: iso(start - 6e5) }];
  const secrets = [{ name: "crm_token", set_at: iso(start - 6e9) }, { name: "warehouse_password", set_at: iso(start - 6e9) }];
  const git = { repository: true, branch: "main", revision: "9f3a21bcc0ffee", remote: "git@git.example.com:acme/syncs.git", state: mode === "broken" ? "refused" : "clean", unpushed: 0, behind: mode === "broken" ? 2 : 0, changed_files: [], refused: mode === "broken" ? "syncs/customers_to_crm.yaml:9:3: there is no column 'first_nme' in the model customers" : undefined, pulled: iso(start - 240_000) };
  let open = !login;

  const emit = (event, data) => listeners.forEach((response) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
  const find = (name) => syncs.find((sync) => sync.name === name);
  const runs = () => syncs.flatMap((sync) => [...sync.last_runs, ...(pasts.get(sync.name) ?? []).slice(sync.last_runs.filter((run) => !live.has(run.run)).length)]).sort((a, b) => b.started.localeCompare(a.started));
  const live = new Map();

  // A run that goes on: planning for a while, then delivering at the destination's limit.
  function begin(sync, { toSend = 3400, perSecond = 1900, planSeconds = 1.5, kind = "run", rows = sync.accepted || 1000, at = Date.now() } = {}) {
    const run = { run: `${iso(at).replace(/[-:]/g, "").slice(0, 15)}Z-${sync.name.slice(0, 4)}${live.size}`, sync: sync.name, status: "running", kind, started: iso(at), rows: 0, added: 0, changed: 0, removed: 0, unchanged: 0, invalid: 0, waiting: 0, cause: "request", by: "mara" };
    const state = { run, progress: undefined, cancelled: false };
    live.set(run.run, state);
    sync.running = run.run;
    const was = sync.health;
    sync.health = "running";
    sync.last_runs = [run, ...sync.last_runs];
    emit("run", run);
    const timer = setInterval(() => {
      const seconds = (Date.now() - at) / 1000;
      const planning = seconds < planSeconds;
      const done = planning ? 0 : Math.min(toSend, Math.round((seconds - planSeconds) * perSecond));
      const rejected = Math.floor(done / 1200);
      const wobble = 0.85 + 0.15 * Math.sin(seconds * 1.7);
      state.progress = { run: run.run, sync: sync.name, stage: planning ? "planning" : "delivering", seconds, plan: planning ? { rows: Math.round(rows * seconds / planSeconds) } : { rows, added: Math.round(toSend * 0.3), changed: toSend - Math.round(toSend * 0.3), removed: 0, unchanged: rows - toSend - 12, invalid: 12, waiting: 0 },
        to_send: planning ? undefined : toSend, rows_read: planning ? Math.round(rows * seconds / planSeconds) : Math.min(toSend, done + 4200), accepted: done - rejected, rejected, skipped: 0, in_doubt: 0, failed: 0, requests: Math.ceil(done / 100), throttled: Math.floor(seconds / 20), retries: Math.floor(seconds / 14), in_flight: planning ? 0 : 8 + Math.round(4 * Math.sin(seconds)),
        rows_per_second: planning ? 0 : perSecond * wobble, latency_ms: { p50: 96 + 8 * Math.sin(seconds), p90: 180 + 20 * Math.sin(seconds * 0.7), p99: 420 + 90 * Math.sin(seconds * 0.4) },
        queues: [{ step: "lookup", rows: planning ? 0 : 700 + Math.round(300 * Math.sin(seconds)), capacity: 2000 }, { step: "deliver", rows: planning ? 0 : 1900, capacity: 2000 }, { step: "ledger", rows: planning ? 0 : 60, capacity: 2000 }],
        limits: planning ? [] : [{ group: "crm", used: Math.round(190 * Math.min(1, 0.94 + 0.06 * wobble)), allowed: 190, seconds: 10 }] };
      emit("progress", state.progress);
      if (done < toSend && !state.cancelled) return;
      clearInterval(timer);
      timers.delete(timer);
      Object.assign(run, { ...state.progress.plan, status: state.cancelled ? "interrupted" : rejected ? "partial" : "succeeded", finished: iso(Date.now()), seconds: Math.round(seconds * 10) / 10, sent: done, accepted: done - rejected, rejected, skipped: 0, in_doubt: 0, failed: 0, requests: Math.ceil(done / 100), throttled: 0 });
      sync.running = undefined;
      sync.health = was === "running" || was === "never" ? "healthy" : was;
      sync.last_run = run;
      emit("run", run);
    }, 400);
    timers.add(timer);
    return run;
  }
  if (find("events_to_braze")) begin(find("events_to_braze"), { toSend: TOTAL * 12, perSecond: 1900, planSeconds: 8, rows: 9_400_000, at: start - 60_000 });

  const detail = (sync) => ({ ...sync, file: `syncs/${sync.name}.yaml`, yaml: files.find((file) => file.path === `syncs/${sync.name}.yaml`)?.text ?? customersYaml,
    sentence: `Each row of ${sync.model} becomes one of ${sync.destination_title}'s ${sync.object}, found by email: new ones are created, existing ones updated, and nothing is removed.`, ...fieldsOf, guards: { max_changed: "50%", max_removed: "5%" }, on_removed: "ignore", alerts: ["ops"], approve: sync.name === "newsletter_audience" });
  const doubtful = ["100009", "102720"];
  const groups = (sync) => (sync.in_doubt ? [
    { code: "", message: "the connection was lost after the request had gone out", outcome: "in_doubt", rows: sync.in_doubt, keys: doubtful.slice(0, sync.in_doubt), since: iso(start - 6e6), run: sync.last_run?.run }] : sync.health === "partial" ? [
    { code: "INVALID_EMAIL", message: "Property values were not valid: \"ana@@example.com\" is not a valid email address", rows: 7, keys: ["100005", "100231", "100457"], since: iso(start - 3 * 864e5), run: sync.last_run?.run, remedy: "Mend the address in the warehouse, or map the field with `transform: email`, which takes bad ones for invalid. The row goes again when it changes." },
    { code: "SEVERAL_MATCH", message: "several contacts match phone +49 30 5512233: 50118, 50204", rows: 2, keys: ["100118", "100344"], since: iso(start - 6e7), run: sync.last_run?.run, remedy: "Merge the two contacts, or match by a field that is unique." }] : []);

  function runDetail(id) {
    const state = live.get(id);
    if (state) return { ...state.run, progress: state.progress, refused: [], notes: ["3 workers read the plan"], stages: [] };
    const run = runs().find((each) => each.run === id);
    if (!run) return undefined;
    const sync = find(run.sync);
    return { ...run, refused: run.rejected ? groups({ ...sync, health: "partial" }) : [], invalid_rows: run.invalid ? [{ key: "100871", reason: "the match value email occurs twice: also in row 100872", rows: 8 }, { key: "100990", reason: "phone: '12' is no telephone number", rows: 4 }] : [],
      guard: run.status === "stopped" ? { guard: "max_removed", message: "127,720 of 412,000 rows (31 %) would be removed, more than 5 %", remedy: "Is the model whole? If it is meant, run once past this guard." } : undefined,
      notes: run.throttled ? ["The destination asked to wait twice; 4 s were spent waiting."] : [], stages: [{ stage: "open", seconds: 0.2 }, { stage: "plan", seconds: run.seconds * 0.6 }, { stage: "deliver", seconds: run.seconds * 0.36 }, { stage: "settle", seconds: run.seconds * 0.03 }] };
  }

  function operations(id, query) {
    const run = live.get(id)?.run ?? runs().find((each) => each.run === id);
    if (!run) return missing(`run ${id}`);
    const total = run.sync === "customers_to_crm" || live.has(id) ? TOTAL : Math.max(run.sent ?? 0, 0);
    const limit = Number(query.get("limit") ?? 200);
    const outcome = query.get("outcome");
    const wants = (one) => (!outcome || one.outcome === outcome || (outcome === "refused" && ["rejected", "in_doubt", "failed"].includes(one.outcome))) && (!query.get("error") || one.error?.code === query.get("error")) && (!query.get("key") || one.key === query.get("key")) && (!query.get("search") || JSON.stringify(one).toLowerCase().includes(query.get("search").toLowerCase()));
    const filtered = outcome || query.get("error") || query.get("key") || query.get("search");
    const found = [];
    const after = Number(query.get("after") ?? 0); // so many of those that are wanted
    let count = filtered ? 0 : total;
    let next;
    for (let index = filtered ? 0 : after; index < total; index += 1) {
      const one = operation(id, run.sync, index, Date.parse(run.started));
      if (filtered && !wants(one)) continue;
      if (filtered) count += 1;
      if (filtered && count <= after) continue;
      if (found.length === limit) { next ??= String(after + limit); if (!filtered) break; continue; }
      found.push(one);
    }
    return fine({ operations: found, total: count, next });
  }

  function trace(name, key) {
    const sync = find(name);
    const index = Number(key) - 100000;
    if (!sync || !(index >= 0)) return missing(`row ${key} in what ${name} has sent`);
    const who = person(index);
    const one = { ...operation(sync.last_run?.run ?? "r", name, index, Date.parse(sync.last_run?.started ?? iso(start))) };
    const send = JSON.stringify({ inputs: [{ idProperty: "email", id: "•••", properties: payload(who) }] });
    const reply = one.error ? JSON.stringify({ status: "error", message: one.error.message, category: "VALIDATION_ERROR", correlationId: "aeb5f871-7f07-4993-9211-075dc63e7cbf", errors: [{ code: one.error.code, in: "email" }] }) : JSON.stringify({ status: "COMPLETE", results: [{ id: one.record_id, properties: payload(who), createdAt: iso(start - 9e9) }] });
    const before = { ...payload(who), orders: who.orders - 1, tier: "lead" };
    const story = [0, 1, 2].map((back) => { const run = sync.last_runs[back * 4] ?? sync.last_run; const ok = back > 0; return { ...one, run: run.run, at: run.finished ?? run.started, outcome: ok ? "accepted" : one.outcome, status: ok ? 200 : one.status, error: ok ? null : one.error, change: back === 2 ? "added" : "changed", why: back === 2 ? "never accepted before" : "orders, tier", payload: payload(who), before: back === 2 ? undefined : before, request: { method: "POST", url: "https://api.example.com/crm/v3/objects/contacts/batch/upsert", rows: 100, status: ok ? 200 : one.status, latency_ms: one.latency_ms, body: send, reply: ok ? JSON.stringify({ status: "COMPLETE", results: [{ id: String(50100000 + index) }] }) : reply } }; });
    return fine({ sync: name, key, operations: story, now: one.outcome === "rejected" ? "It waits: the destination refused this payload. It goes again when the row, the mapping or the connector changes, or when a person says so." : "Accepted: the destination holds this payload. It goes again when a mapped value changes.",
      waiting: one.outcome === "in_doubt" && sync.in_doubt ? { kind: "in_doubt", attempts: 1, since: iso(start - 6e6), message: one.error.message } : one.outcome === "rejected" ? { kind: "rejected", attempts: 4, since: iso(start - 3 * 864e5), next_try: iso(start + 5 * 36e5), code: one.error.code, message: one.error.message } : undefined });
  }

  function makePlan({ sync }) {
    if (!find(sync)) return missing(`sync ${sync}`);
    const id = `plan-${plans.size + 1}`;
    const rows = find(sync).accepted || 84_000;
    const plan = { id, sync, state: "planning", made: iso(Date.now()), rows, added: 380, changed: 2917, removed: 113, unchanged: rows - 3309, invalid: 12, waiting: 31 };
    plans.set(id, plan);
    const timer = setTimeout(() => {
      Object.assign(plan, { state: "ready", to_send: 3410, requests: 35, seconds: 12, digest: "5f0e9a", needs_approval: sync === "newsletter_audience", notes: ["2,104 rows go because the mapping changed: field tier"], samples: Array.from({ length: 20 }, (_, index) => planRow(index)), invalid_rows: [{ key: "100871", reason: "the match value email occurs twice: also in row 100872", rows: 8 }, { key: "100990", reason: "phone: '12' is no telephone number", rows: 4 }],
        guard: sync === "newsletter_audience" ? { guard: "max_removed", message: "127,720 of 412,000 rows (31 %) would be removed, more than 5 %", remedy: "Is the model whole? If it is meant, run once past this guard." } : undefined });
      emit("plan", { id, sync, state: "ready" });
    }, 900);
    timers.add(timer);
    return fine(plan, 202);
  }
  function planRows(id, query) {
    if (!plans.has(id)) return missing(`plan ${id}`);
    const all = Array.from({ length: 3410 }, (_, index) => planRow(index)).filter((row) => (!query.get("change") || row.change === query.get("change")) && (!query.get("search") || JSON.stringify(row).toLowerCase().includes(query.get("search").toLowerCase())));
    const from = Number(query.get("after") ?? 0);
    const limit = Number(query.get("limit") ?? 100);
    return fine({ rows: all.slice(from, from + limit), next: from + limit < all.length ? String(from + limit) : undefined });
  }

  function validate(edits) {
    const diagnostics = [];
    for (const edit of edits ?? []) {
      if (edit.text == null) continue;
      edit.text.split("\n").forEach((line, index) => {
        const at = /first_nme|nonsense/.exec(line);
        if (at) diagnostics.push({ severity: "error", file: edit.path, line: index + 1, column: at.index + 1, width: at[0].length, message: `there is no column '${at[0]}' in the model`, hint: "did you mean 'first_name'?" });
      });
      if (/\t/.test(edit.text)) diagnostics.push({ severity: "error", file: edit.path, line: 1, column: 1, message: "tabs cannot indent YAML" });
    }
    return { valid: diagnostics.length === 0, diagnostics };
  }
  function commit({ edits, message }) {
    const found = validate(edits);
    if (!found.valid) return problem(422, "The project would not be valid", "Mend what is said below, then save again.", "config", { diagnostics: found.diagnostics });
    for (const edit of edits) {
      const at = files.findIndex((file) => file.path === edit.path);
      if (at >= 0 && edit.version && edit.version !== files[at].version) return problem(409, `${edit.path} has changed since you opened it`, "Open it anew, and make your change there.", "conflict");
      if (edit.text === null) files.splice(at, 1);
      else if (at >= 0) Object.assign(files[at], { text: edit.text, version: `${edit.text.length}-${Date.now()}` });
      else files.push({ path: edit.path, kind: edit.path.split("/")[0].replace(/s$/, ""), name: edit.path.replace(/^.*\/|\.\w+$/g, ""), text: edit.text, version: String(edit.text.length) });
    }
    history.unshift({ revision: "a1b2c3d4e5f6", author: "Mara Fink", at: iso(Date.now()), message, files: edits.map((edit) => edit.path), diff: "" });
    git.unpushed += 1;
    git.state = "unpushed";
    emit("project", {});
    return fine({ committed: true, revision: "a1b2c3d4e5f6", pushed: false });
  }
  const history = mode === "none" ? [] : project.commits(start);

  function startRun(body) {
    const sync = find(body.plan ? plans.get(body.plan)?.sync : body.sync);
    if (!sync) return missing(`sync ${body.sync}`);
    if (sync.running) return problem(409, `${sync.name} is running already`, "Wait until that run ends, or cancel it.", "conflict");
    return fine(begin(sync, { kind: body.kind ?? "run", toSend: body.limit ?? (body.key ? 1 : 3410) }), 202);
  }

  const me = () => ({ authenticated: open, login_needed: login, user: open ? "mara" : undefined, role: open ? "admin" : undefined, may: open ? ["view", "run", "edit", "administer"] : [], csrf_token: "csrf", project: "acme", version: "0.1.0", ...(login ? { provider: { name: "Acme SSO" } } : {}), ...(login && !open ? { trouble } : {}) });
  const trouble = { title: "the login provider does not take the code: invalid_grant", remedy: "log in again" };
  const audit = Array.from({ length: 60 }, (_, index) => ({ id: 600 - index, at: iso(start - index * 47 * 60_000), who: ["mara", "joris", "token ci"][index % 3], action: ["run.start", "files.commit", "sync.pause", "login", "secret.set", "plan.approve"][index % 6], target: ["customers_to_crm", "syncs/deals_to_crm.yaml", "finance_export", "", "crm_token", "newsletter_audience"][index % 6], result: index % 17 === 11 ? "refused: the role viewer may not do this" : "done", address: "10.0.3.14" }));

  const routes = [
    ["GET", /^\/session$/, () => fine(me())],
    ["POST", /^\/session$/, (_, __, body) => (body.password === "wrong" ? problem(401, "Name and password do not fit", "After five tries the door stays shut for a minute.", "auth") : ((open = true), fine(me())))],
    ["DELETE", /^\/session$/, () => ((open = false), fine(undefined, 204))],
    ["GET", /^\/project$/, () => fine({ name: "acme", version: "0.1.0", started: iso(start - 864e5), loaded: iso(start - 24e4), syncs: syncs.length, models: 9, sources: 1, destinations: 9, problems: mode === "broken" ? [{ severity: "error", file: "syncs/customers_to_crm.yaml", line: 9, column: 14, message: "there is no column 'first_nme' in the model customers", hint: "did you mean 'first_name'?" }] : [] })],
    ["GET", /^\/files$/, () => fine(files.map(({ text, ...file }) => file))],
    ["GET", /^\/files\/content$/, (_, query) => { const file = files.find((each) => each.path === query.get("path")); return file ? fine({ path: file.path, text: query.get("revision") ? `# as of ${query.get("revision")}\n${file.text}` : file.text, version: file.version }) : missing(`file ${query.get("path")}`); }],
    ["POST", /^\/files\/validate$/, (_, __, body) => fine(validate(body.edits))],
    ["POST", /^\/files\/commit$/, (_, __, body) => commit(body)],
    ["GET", /^\/git$/, () => fine(mode === "none" ? { repository: false } : git)],
    ["GET", /^\/git\/log$/, (_, query) => fine(history.filter((each) => !query.get("path") || each.files.includes(query.get("path")) || query.get("path").startsWith("syncs/")))],
    ["POST", /^\/git\/(pull|push)$/, () => { Object.assign(git, { state: mode === "broken" ? "refused" : "clean", unpushed: 0, pulled: iso(Date.now()) }); return fine(git); }],
    ["POST", /^\/git\/rollback$/, () => fine({ committed: true, revision: "b0b0b0b0b0" })],
    ["GET", /^\/schemas\/(\w+)$/, ([kind]) => fine(kind === "source" ? project.sourceSchema : {})],
    ["GET", /^\/sources$/, () => fine(project.sources(syncs))],
    ["GET", /^\/sources\/(\w+)\/tables$/, () => fine(["customers", "orders", "invoices"].map((table) => ({ table, columns: project.columns })))],
    ["POST", /^\/(sources|destinations)\/(\w+)\/check$/, ([, name]) => fine(name === "ads" ? { ok: false, message: "\"Error validating access token: Session has expired\"", remedy: "Make a new token in the Business Manager, and set the secret ads_token anew.", seconds: 0.4 } : { ok: true, message: "Connected; 14 objects can be written", seconds: 0.31 })],
    ["GET", /^\/models$/, () => fine(project.models(syncs))],
    ["GET", /^\/models\/(\w+)\/preview$/, (_, query) => fine(project.rows(Number(query.get("limit") ?? 20)))],
    ["POST", /^\/preview$/, (_, __, body) => (/\bslect\b/.test(body.sql ?? "") ? problem(422, "Parser error: syntax error at or near \"slect\"", "Line 1, column 1.", "config") : fine({ ...project.rows(body.limit ?? 5), payloads: body.sync ? Array.from({ length: body.limit ?? 3 }, (_, index) => ({ email: "•••", phone: "•••", ...payload(person(index + 3)), lead_source: "warehouse", last_order: "2026-11-12" })) : undefined }))],
    ["GET", /^\/destinations$/, () => fine(project.destinations(syncs))],
    ["GET", /^\/destinations\/(\w+)\/objects$/, () => fine(project.objects())],
    ["GET", /^\/destinations\/(\w+)\/objects\/(.+)$/, ([, object]) => fine(project.objectFields(object))],
    ["GET", /^\/connectors$/, () => fine(project.connectors)],
    ["GET", /^\/connectors\/(\w+)$/, ([name]) => { const found = project.connector(name); return found ? fine(found) : missing(`connector ${name}`); }],
    ["GET", /^\/transforms$/, () => fine(project.transforms)],
    ["GET", /^\/syncs$/, () => fine(syncs)],
    ["GET", /^\/syncs\/([^/]+)$/, ([name]) => (find(name) ? fine(detail(find(name))) : missing(`sync ${name}`))],
    ["POST", /^\/syncs\/([^/]+)\/(pause|resume)$/, ([name, what]) => { const sync = find(name); sync.paused = what === "pause"; sync.health = sync.paused ? "paused" : "healthy"; return fine(sync); }],
    ["POST", /^\/syncs\/([^/]+)\/settle$/, ([name], _, body) => {
      const sync = find(name);
      if (!sync) return missing(`sync ${name}`);
      const keys = body.keys ?? doubtful.slice(0, sync.in_doubt);
      sync.in_doubt -= keys.length;
      return fine({ keys, notes: [] });
    }],
    ["GET", /^\/syncs\/([^/]+)\/refused$/, ([name]) => (find(name) ? fine(groups(find(name))) : missing(`sync ${name}`))],
    ["GET", /^\/syncs\/([^/]+)\/rows\/(.+)$/, ([name, key]) => trace(name, key)],
    ["POST", /^\/plans$/, (_, __, body) => makePlan(body)],
    ["GET", /^\/plans\/([^/]+)$/, ([id]) => (plans.has(id) ? fine(plans.get(id)) : missing(`plan ${id}`))],
    ["GET", /^\/plans\/([^/]+)\/rows$/, ([id], query) => planRows(id, query)],
    ["POST", /^\/plans\/([^/]+)\/approve$/, ([id]) => fine(Object.assign(plans.get(id), { approved_by: "mara" }))],
    ["GET", /^\/runs$/, (_, query) => fine(runs().filter((run) => (!query.get("sync") || run.sync === query.get("sync")) && (!query.get("status") || run.status === query.get("status")) && (!query.get("before") || run.run < query.get("before"))).slice(0, Number(query.get("limit") ?? 100)))],
    ["POST", /^\/runs$/, (_, __, body) => startRun(body)],
    ["GET", /^\/runs\/([^/]+)$/, ([id]) => { const run = runDetail(id); return run ? fine(run) : missing(`run ${id}`); }],
    ["POST", /^\/runs\/([^/]+)\/cancel$/, ([id]) => { const state = live.get(id); if (!state) return missing(`run ${id}`); state.cancelled = true; return fine(state.run, 202); }],
    ["GET", /^\/runs\/([^/]+)\/operations$/, ([id], query) => operations(id, query)],
    ["GET", /^\/alerts$/, () => fine(mode === "none" ? [] : [{ name: "ops", type: "slack", description: "The team's channel", on: ["failed", "stopped", "late"], syncs: ["*"], open: 2, file: "alerts/ops.yaml" }])],
    ["POST", /^\/alerts\/(\w+)\/test$/, () => fine({ ok: true, message: "Sent; it says that it is a test", seconds: 0.2 })],
    ["GET", /^\/users$/, () => fine(users)], ["POST", /^\/users$/, (_, __, body) => { users.push({ name: body.name, role: body.role, added: iso(Date.now()) }); return fine(users.at(-1), 201); }],
    ["PATCH", /^\/users\/(\w+)$/, ([name], _, body) => fine(Object.assign(users.find((user) => user.name === name), body.role ? { role: body.role } : {}))], ["DELETE", /^\/users\/(\w+)$/, ([name]) => { users.splice(users.findIndex((user) => user.name === name), 1); return fine(undefined, 204); }],
    ["GET", /^\/tokens$/, () => fine(tokens)], ["POST", /^\/tokens$/, (_, __, body) => { const token = { name: body.name, role: body.role, added: iso(Date.now()) }; tokens.push(token); return fine({ ...token, token: "pst_3kq9vXn2hTz8mL5wRb7cYd1f" }, 201); }], ["DELETE", /^\/tokens\/(\w+)$/, ([name]) => { tokens.splice(tokens.findIndex((token) => token.name === name), 1); return fine(undefined, 204); }],
    ["GET", /^\/secrets$/, () => fine(secrets)], ["PUT", /^\/secrets\/(.+)$/, ([name]) => { const old = secrets.find((each) => each.name === name); if (old) old.set_at = iso(Date.now()); else secrets.push({ name, set_at: iso(Date.now()) }); return fine(undefined, 204); }], ["DELETE", /^\/secrets\/(.+)$/, ([name]) => { secrets.splice(secrets.findIndex((each) => each.name === name), 1); return fine(undefined, 204); }],
    ["GET", /^\/audit$/, (_, query) => fine(audit.filter((entry) => (!query.get("who") || entry.who === query.get("who")) && (!query.get("before") || entry.id < Number(query.get("before")))).slice(0, 50))],
  ];

  return {
    begin: (name, options) => begin(find(name), options),
    answer(method, path, query, body, headers) {
      if (!open && path !== "/session") return problem(401, "Nobody is logged in", "Log in first.", "auth");
      if (method !== "GET" && path !== "/session" && headers["x-csrf-token"] !== "csrf") return problem(403, "The request does not come from our page", "Load the page anew.", "auth");
      for (const [verb, pattern, respond] of routes) {
        const match = verb === method && pattern.exec(path);
        if (match) return respond(match.slice(1).map(decodeURIComponent), query, body);
      }
      return missing(`page ${path}`);
    },
    follow(request, response) {
      response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
      response.write("event: hello\ndata: {}\n\n");
      listeners.add(response);
      response.on("close", () => listeners.delete(response));
    },
    close: () => timers.forEach((timer) => { clearInterval(timer); clearTimeout(timer); }),
  };
}
