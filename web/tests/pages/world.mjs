// A company's project for the real program: a DuckDB warehouse of CSV files, sandboxes as the tools, syncs in every
// state (well, refused rows, in doubt, stopped by a guard, broken, late, paused, under way), git history, users.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request as ask } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { policy } from "../mock/server.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
export const penstock = process.env.PENSTOCK_PROGRAM ?? join(root, "build", "penstock");
export const PASSWORD = "a long password";

/** A directory of its own, and the programs that were started in it. */
export function makePlace(name) {
  const place = mkdtempSync(join(tmpdir(), `penstock-${name}-`));
  const started = [];
  const environment = { ...process.env, NO_COLOR: "1" };
  return {
    place,
    environment,
    file(path, text) {
      mkdirSync(join(place, path, ".."), { recursive: true });
      writeFileSync(join(place, path), text);
    },
    /** Starts the program and waits for the address that it prints. */
    start(...words) {
      const child = spawn(penstock, words, { cwd: place, env: environment, stdio: ["ignore", "pipe", "pipe"] });
      started.push(child);
      return new Promise((done, fail) => {
        let text = "";
        const hear = (piece) => {
          text += piece;
          const url = /https?:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
          if (url) done(Object.assign(new String(url), { pid: child.pid }));
        };
        child.stdout.on("data", hear);
        child.stderr.on("data", hear);
        child.on("exit", (code) => fail(new Error(`penstock ${words.join(" ")} ended with ${code}: ${text}`)));
        setTimeout(() => fail(new Error(`penstock ${words.join(" ")} says no address: ${text}`)), 60_000).unref();
      });
    },
    /** Runs it to its end, which must be one of `codes`. */
    run(words, { codes = [0], input } = {}) {
      const done = spawnSync(penstock, words, { cwd: place, env: environment, encoding: "utf8", input });
      if (!codes.includes(done.status)) throw new Error(`penstock ${words.join(" ")} ended with ${done.status}: ${done.stdout}${done.stderr}`);
      return done.stdout;
    },
    git: (...words) => spawnSync("git", ["-C", place, ...words], { encoding: "utf8" }),
    started,
    async end() {
      started.reverse().forEach((child) => child.kill("SIGTERM"));
      await new Promise((done) => setTimeout(done, 400));
      rmSync(place, { recursive: true, force: true });
    },
  };
}

/** The pages of web/dist before a program that was built without them. */
export async function withPages(url, started) {
  if ((await fetch(url)).ok) return url;
  console.log("      (the program was built without its pages: web/dist stands before it)");
  const dist = join(root, "web", "dist");
  const kinds = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };
  const server = createServer((request, response) => {
    if (request.url.startsWith("/api/")) {
      const up = ask(url + request.url, { method: request.method, headers: { ...request.headers, host: new URL(url).host, ...(request.headers.origin ? { origin: url } : {}) } }, (reply) => (response.writeHead(reply.statusCode, reply.headers), reply.pipe(response)));
      up.on("error", () => response.destroy());
      response.on("close", () => up.destroy());
      return void request.pipe(up);
    }
    const path = new URL(request.url, url).pathname;
    const file = extname(path) && existsSync(dist + path) ? dist + path : join(dist, "index.html");
    response.writeHead(200, { "Content-Type": kinds[extname(file)] ?? "application/octet-stream", "Content-Security-Policy": policy });
    response.end(readFileSync(file));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  started.push({ kill: () => (server.closeAllConnections(), server.close()) });
  return `http://127.0.0.1:${server.address().port}`;
}

const csv = (head, rows) => `${head}\n${rows.map((row) => row.join(",")).join("\n")}\n`;
const first = ["Ana", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hiro", "Ines", "Jonas", "Katrin", "Liam"];
const last = ["Almeida", "Becker", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Hansen", "Ivanova", "Jensen"];
const towns = ["Lisboa", "Berlin", "Lyon", "Porto", "Oslo", "Wien"];

function customers(count, day) {
  return csv("id,email,first_name,last_name,company,city,ltv", Array.from({ length: count }, (_, index) => {
    const [given, family] = [first[index % 12], last[(index * 7) % 10]];
    const wrong = index % 900 === 411 ? "@@" : "@";
    return [100_000 + index, `${given.toLowerCase()}.${family.toLowerCase()}${index}${wrong}example.com`, given, family, `Firm ${index % 320}`, towns[index % 6], (index * 37) % 2000 + (index % 11 === 0 ? day * 25 : 0)];
  }));
}

const sync = (model, destination, object, match, fields, more = "") =>
  `model: ${model}\ndestination: ${destination}\nobject: ${object}\nmode: upsert\nmatch: { ${match} }\nfields:\n${fields.map((each) => `  ${each}\n`).join("")}${more}`;

/** The project, its runs of some days (by the command line), and then the service. */
export async function makeWorld({ users = true, rows = 5000 } = {}) {
  const at = makePlace("world");
  const { file, environment } = at;
  const crm = await at.start("sandbox", "--listen", "127.0.0.1:0", "--latency", "15ms");
  const slow = await at.start("sandbox", "--listen", "127.0.0.1:0", "--limit", "4/10s", "--latency", "120ms");
  const slack = await at.start("sandbox", "--listen", "127.0.0.1:0", "--vendor", "slack", "--limit", "none");
  Object.assign(environment, { CRM_URL: String(crm), SLOW_URL: String(slow), SLACK_URL: String(slack) });
  const hook = createServer((request, response) => (request.resume(), response.end("ok")));
  await new Promise((done) => hook.listen(0, "127.0.0.1", done));
  at.started.push({ kill: () => (hook.closeAllConnections(), hook.close()) });

  file("penstock.yaml", "project: acme\ndefaults:\n  alerts: [ops]\n");
  file(".gitignore", ".penstock/\n");
  file("alerts/ops.yaml", `type: webhook\nurl: http://127.0.0.1:${hook.address().port}/ops\non: [failed, stopped, late, partial, recovered]\ngroup_within: 1s\n`);
  file("sources/warehouse.yaml", "# The nightly export of the shop.\ntype: duckdb\nfiles:\n  customers: data/customers.csv\n  companies: data/companies.csv\n  deals: data/deals.csv\n  notices: data/notices.csv\n");
  file("destinations/crm.yaml", "type: hubspot\naccess_token: pat-sandbox\nbase_url: ${env:CRM_URL}\n");
  file("destinations/old_crm.yaml", "type: hubspot\ndescription: Until the move is done.\naccess_token: pat-old\nbase_url: ${env:CRM_URL}\n");
  file("destinations/support.yaml", "type: hubspot\naccess_token: pat-support\nbase_url: ${env:SLOW_URL}\n");
  file("destinations/slack.yaml", "type: slack\ntoken: xoxb-sandbox\nbase_url: ${env:SLACK_URL}\n");
  file("models/customers.sql", "-- source: warehouse\n-- primary_key: id\n-- pii: [email, last_name]\n-- owner: growth@acme.example\n-- description: Everybody who has bought something.\nselect id, email, first_name, last_name, company, city, ltv\nfrom customers\n");
  file("models/companies.sql", "-- source: warehouse\n-- primary_key: id\nselect id, name, domain, city from companies\n");
  file("models/deals.sql", "-- source: warehouse\n-- primary_key: id\nselect id, name, amount, stage from deals\n");
  file("models/notices.sql", "-- source: warehouse\n-- primary_key: id\n-- description: What sales should hear of.\nselect id, channel, text from notices\n");
  const person = ["firstname: first_name", "lastname: last_name", "company: company", "city: city", "lifetime_value: ltv"];
  file("syncs/customers_to_crm.yaml", `# What sales should see of each customer.\n${sync("customers", "crm", "contacts", "email: email", [...person, "tier: { sql: \"case when ltv >= 1500 then 'gold' else 'standard' end\" }"], "schedule: { every: 15m }\nguard: { max_changed: 50%, max_removed: 5% }\nbefore: keep\nowner: growth@acme.example\ntags: [crm, daily]\ndescription: Customers as sales see them.\n")}`);
  file("syncs/companies_to_crm.yaml", sync("companies", "crm", "companies", "domain: domain", ["name: name", "city: city"], "mode: mirror\nschedule: { every: 1h }\nguard: { max_removed: 5% }\nowner: growth@acme.example\ntags: [crm]\n").replace("mode: upsert\n", ""));
  file("syncs/deals_to_crm.yaml", sync("deals", "crm", "deals", "dealname: name", ["amount: amount", "dealstage: stage"], "schedule: { cron: \"0 7 * * *\", timezone: Europe/Berlin }\npaused: true\ntags: [crm]\n"));
  file("syncs/deals_to_old_crm.yaml", sync("deals", "old_crm", "deals", "dealname: name", ["amount: amount"], "schedule: { every: 30m }\ntags: [old]\n"));
  file("syncs/customers_to_support.yaml", sync("customers", "support", "contacts", "email: email", ["firstname: first_name", "lastname: last_name"], "schedule: { every: 1m }\nowner: support@acme.example\ntags: [support]\nbatch: { rows: 20 }\n"));
  file("syncs/notices_to_slack.yaml", "model: notices\ndestination: slack\nobject: messages\nmode: append\nfields:\n  channel: channel\n  text: text\nowner: sales@acme.example\n");
  file("syncs/vip_to_crm.yaml", sync("customers", "crm", "vips", "email: email", ["firstname: first_name", "lifetime_value: ltv"], "approve: required\nowner: growth@acme.example\ntags: [crm, vip]\n"));
  const data = (day, companies) => {
    file("data/customers.csv", customers(rows, day));
    file("data/companies.csv", csv("id,name,domain,city", Array.from({ length: companies }, (_, index) => [index + 1, `Firm ${index}`, `firm${index}.example`, towns[(index + (index % 17 === 0 ? day : 0)) % 6]])));
    file("data/deals.csv", csv("id,name,amount,stage", Array.from({ length: 60 + day * 3 }, (_, index) => [index + 1, `Deal ${index}`, 1000 + index * 13, index % 3 ? "closedwon" : "appointmentscheduled"])));
    file("data/notices.csv", csv("id,channel,text", Array.from({ length: 4 + day }, (_, index) => [index + 1, index % 2 ? "#random" : "#general", `Firm ${index} has ordered again`])));
  };
  data(0, 320);
  at.git("init", "-q", "-b", "main");
  at.git("config", "user.name", "Mara Lind");
  at.git("config", "user.email", "mara@acme.example");
  const commit = (message) => (at.git("add", "-A"), at.git("commit", "-qm", message));
  commit("Customers, companies and deals to the CRM");
  spawnSync("git", ["init", "-q", "--bare", join(at.place, ".git", "origin.git")]);
  at.git("remote", "add", "origin", join(at.place, ".git", "origin.git"));
  at.git("push", "-q", "-u", "origin", "main");

  const names = ["customers_to_crm", "companies_to_crm", "deals_to_old_crm", "notices_to_slack"];
  for (let day = 0; day < 5; day += 1) {
    data(day, 320);
    at.run(["run", ...names], { codes: [0, 3] });
    if (day === 2) {
      file("models/companies.sql", "-- source: warehouse\n-- primary_key: id\n-- description: Firms that customers work for.\nselect id, name, domain, city from companies\n");
      commit("Say what a company is");
      at.git("push", "-q");
    }
  }
  at.run(["run", "deals_to_crm"]);
  // A reply that is lost, a model that shrinks, a login that is refused.
  const post = (url, path, body) => fetch(`${url}${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  data(6, 120);
  await post(slack, "/_sandbox/fault", { path: "chat.postMessage", kind: "reset", after: true, count: 2 });
  at.run(["run", "notices_to_slack"], { codes: [0, 3] });
  at.run(["run", "companies_to_crm"], { codes: [0, 1, 2, 3, 4, 5] });
  await post(crm, "/_sandbox/token", { token: "pat-old", state: "revoked" });
  at.run(["run", "deals_to_old_crm"], { codes: [0, 1, 2, 3, 4, 5] });
  file("destinations/old_crm.yaml", "type: hubspot\ndescription: Until the move is done, by the end of the year.\naccess_token: pat-old\nbase_url: ${env:CRM_URL}\n");
  commit("The old CRM goes by the end of the year");
  if (users) {
    for (const [name, role] of [["mara", "admin"], ["tom", "editor"], ["vi", "viewer"]]) at.run(["user", "add", name, "--role", role], { input: `${PASSWORD}\n` });
    at.run(["token", "add", "ci", "--role", "editor", "--expires", "90d"]);
    at.run(["token", "add", "monitor", "--scope", "view"]);
    at.run(["secret", "set", "crm_token"], { input: "pat-secret\n" });
  }
  const url = await at.start("serve", "--listen", "127.0.0.1:0");
  return { ...at, url: await withPages(String(url), at.started), pid: url.pid, crm: String(crm), slack: String(slack) };
}

/** A session of `name`, as headers for requests and as cookies for a browser. */
export async function login(url, name = "mara") {
  const reply = await fetch(`${url}/api/v1/session`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ user: name, password: PASSWORD }) });
  if (!reply.ok) throw new Error(`login of ${name}: ${reply.status} ${await reply.text()}`);
  const [pair] = reply.headers.getSetCookie()[0].split(";");
  const [cookie, ...value] = pair.split("=");
  return { headers: { Cookie: pair }, cookies: [{ name: cookie, value: value.join("="), url }], csrf: (await reply.json()).csrf_token };
}
