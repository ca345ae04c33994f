// The first use, told in one test in a real browser against the real program: `penstock serve`, the sandbox as the CRM,
// and DuckDB over CSV files. Connect, model, map, plan, run, find the refused row, mend it, run again.
// Ends with 77 (skipped) where there is no Chromium, or the program has no `serve`.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { open, program as chromium, settled, start } from "./browser.mjs";
import { withPages } from "./world.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const penstock = process.env.PENSTOCK_PROGRAM ?? join(root, "build", "penstock");
function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(process.env.PENSTOCK_SERVERS === "required" ? 1 : 77);
}
if (!chromium) skip("there is no Chromium (Debian package chromium)");
if (!existsSync(penstock)) skip(`there is no ${penstock}`);
if (spawnSync(penstock, ["serve", "--help"]).status !== 0) skip("this program has no `serve`");

const place = mkdtempSync(join(tmpdir(), "penstock-story-"));
const started = [];
/** Starts the program and waits for the address that it prints. */
function run(words, environment = {}) {
  const child = spawn(penstock, words, { cwd: place, env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  started.push(child);
  return new Promise((done, fail) => {
    let text = "";
    const hear = (piece) => {
      text += piece;
      const url = /https?:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
      if (url) done(url);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => fail(new Error(`penstock ${words.join(" ")} ended with ${code}: ${text}`)));
    setTimeout(() => fail(new Error(`penstock ${words.join(" ")} says no address: ${text}`)), 20_000).unref();
  });
}
const git = (...words) => spawnSync("git", ["-C", place, "-c", "user.name=Mara", "-c", "user.email=mara@example.com", ...words], { encoding: "utf8" });

async function story(browser) {
  mkdirSync(join(place, "data"));
  const rows = Array.from({ length: 60 }, (_, index) => `${index + 1},Ana${index + 1},Almeida,${index === 6 ? "ana7@@example.com" : `ana${index + 1}@example.com`},Northwind,${index * 10}`);
  writeFileSync(join(place, "data", "customers.csv"), `id,first_name,last_name,email,company,ltv\n${rows.join("\n")}\n`);
  writeFileSync(join(place, "penstock.yaml"), "project: acme\n");
  writeFileSync(join(place, ".gitignore"), ".penstock/\n");
  git("init", "-q", "-b", "main");
  git("config", "user.name", "Mara");
  git("config", "user.email", "mara@example.com");
  git("add", "-A");
  git("commit", "-qm", "An empty project");
  const crm = await run(["sandbox", "--listen", "127.0.0.1:0"]);
  const server = await run(["serve", "--listen", "127.0.0.1:0"], { CRM_TOKEN: "pat-story" });
  const { page, context, complaints } = await open(browser, await withPages(server, started));
  page.setDefaultTimeout(40_000);
  const refused = [];
  page.on("response", (reply) => reply.status() >= 400 && refused.push(`${reply.status()} ${reply.request().method()} ${reply.url()}`));
  const link = (name) => page.getByRole("link", { name, exact: true });
  const button = (name) => page.getByRole("button", { name, exact: true });
  const commit = async () => {
    await button("Save").click();
    await page.getByRole("dialog").getByRole("button", { name: "Commit to main" }).click();
  };

  console.log("      connect the warehouse and the CRM");
  await page.getByText("Nothing flows yet").waitFor();
  await link("Tools").click();
  await page.getByRole("link", { name: "Connect a warehouse" }).click();
  await page.getByRole("link", { name: /^duckdb/ }).click();
  await page.getByLabel("files", { exact: true }).fill('{"customers": "data/customers.csv"}');
  await button("Save").click();
  await page.getByRole("heading", { name: "warehouse is connected" }).waitFor();
  await button("Test").click();
  await page.locator(".test p.tone-good").waitFor();
  await link("All tools").click();
  await page.getByRole("link", { name: "Connect the first" }).click();
  await page.getByLabel("Search the tools").fill("hubspot");
  await page.getByRole("link", { name: /^HubSpot/ }).first().click();
  await page.getByLabel("Name", { exact: true }).fill("crm");
  const keepsSecrets = (await fetch(`${server}/api/v1/secrets`)).ok;
  if (!keepsSecrets) console.log("      (this program keeps no secrets yet: the token comes by the environment)");
  await page.getByLabel("access_token").fill(keepsSecrets ? "pat-story" : "${env:CRM_TOKEN}");
  await page.getByLabel("base_url").fill(crm);
  await button("Save").click();
  await page.getByRole("heading", { name: "crm is connected" }).waitFor();
  await button("Test").click();
  await page.locator(".test p.tone-good").waitFor();
  if (keepsSecrets) assert.match(readFileSync(join(place, "destinations", "crm.yaml"), "utf8"), /\$\{secret:crm_access_token\}/);

  console.log("      write a model, and look at its rows");
  await link("Models").click();
  await page.getByRole("link", { name: "Write the first" }).click();
  await page.getByLabel("Name", { exact: true }).fill("customers");
  await page.getByRole("textbox", { name: "The query" }).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("select id, first_name, last_name, email, company, ltv from customers");
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByRole("heading", { name: /First \d+ rows/ }).waitFor();
  await page.getByRole("checkbox", { name: "last_name" }).check();
  await commit();
  await page.getByRole("heading", { name: "customers", exact: true }).waitFor();
  await page.getByRole("region", { name: "First rows of customers" }).getByText("Ana2", { exact: true }).waitFor();

  console.log("      map it, by suggestions");
  await page.getByRole("link", { name: "New sync of it" }).click();
  await page.getByLabel("Destination").selectOption("crm");
  await page.getByLabel("Object").fill("contacts");
  await button("Take it: company for company").waitFor();
  for (const [field, column] of [["firstname", "first_name"], ["lastname", "last_name"], ["company", "company"]]) await button(`Take it: ${column} for ${field}`).click();
  await page.getByLabel("A record is found by").fill("email");
  await page.getByLabel("whose value is the model's").selectOption("email");
  await page.getByText("With your first row.").waitFor();
  await page.getByText("Valid. Nothing is changed until you save.").waitFor();
  await commit();
  await page.getByRole("heading", { name: "customers → HubSpot contacts" }).waitFor();

  console.log("      plan, read it, and run exactly that");
  await button("Plan").click();
  await page.waitForURL(/\/plans\//);
  await page.getByRole("button", { name: "60 added" }).waitFor();
  await page.locator(".plan-row").first().getByText("Northwind").waitFor();
  await page.locator(".plan-row .masked").first().waitFor();
  await button("Run exactly this").click();
  await page.getByRole("dialog").getByRole("button", { name: "Send 60 rows" }).click();
  await page.waitForURL(/\/runs\//);
  await page.getByText("Partial").first().waitFor();
  await page.getByText("of 60 sent").waitFor();

  console.log("      find the refused row, and why");
  await page.getByRole("link", { name: "1 rejected" }).click();
  await page.getByText("1 like this").waitFor();
  await page.getByRole("row").filter({ hasText: "INVALID_EMAIL" }).getByRole("link", { name: "7" }).click();
  await page.getByRole("group", { name: /^Reply/ }).getByText(/INVALID_EMAIL/).first().waitFor();
  await page.getByText("Try this row now").waitFor();

  console.log("      mend the query, and run again");
  await page.goto(new URL("/models/customers/edit", page.url()).href);
  await settled(page);
  await page.getByRole("textbox", { name: "The query" }).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("select id, first_name, last_name, replace(email, '@@', '@') as email, company, ltv from customers");
  await commit();
  await page.getByRole("link", { name: "customers_to_crm" }).click();
  await button("Run").click();
  await page.getByRole("dialog").getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForURL(/\/runs\//);
  await page.getByText("Succeeded").first().waitFor();
  await page.getByText("of 1 sent").waitFor();
  await link("Overview").click();
  await page.getByRole("heading", { name: "Everything flows." }).waitFor();

  console.log("      what the CRM and git say of it");
  const records = (await (await fetch(`${crm}/_sandbox/records/contacts`)).text()).trim().split("\n");
  assert.equal(records.length, 60);
  assert.match(records.join("\n"), /ana7@example\.com/);
  const log = git("log", "--format=%s").stdout.trim().split("\n");
  assert.ok(log.includes("New sync customers_to_crm") && log.includes("New model customers") && log.includes("Connect crm (HubSpot)"), log.join(", "));
  assert.equal(git("status", "--porcelain").stdout, "");
  assert.deepEqual(complaints, []);
  assert.deepEqual(refused.filter((each) => !/secrets/.test(each)), []);
  await context.close();
}

const browser = await start();
let failed = false;
try {
  await story(browser);
  console.log("ok    the first use, from an empty project to a mended row");
} catch (error) {
  failed = true;
  console.log(`FAIL  ${error.stack}`);
  const [context] = browser.contexts();
  const [page] = context?.pages() ?? [];
  if (page) console.log((await page.locator("main").innerText().catch(() => "")).slice(0, 3000));
}
await browser.close();
started.forEach((child) => child.kill("SIGTERM"));
await new Promise((done) => setTimeout(done, 300));
rmSync(place, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
