// The page of a run that goes on, in a real browser against the real program: `penstock serve`, and sandboxes that are
// slow or have a narrow limit. What the page says is compared with what the API says at the time.
//   node tests/pages/live.mjs [DIRECTORY FOR PICTURES]
// Ends with 77 (skipped) where there is no Chromium, or the program has no pages.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { open, program as chromium, start } from "./browser.mjs";
import { accessible } from "./looks.mjs";

const penstock = process.env.PENSTOCK_PROGRAM ?? fileURLToPath(new URL("../../../build/penstock", import.meta.url));
const pictures = process.argv[2];
const started = [];
const places = [];
function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(process.env.PENSTOCK_SERVERS === "required" ? 1 : 77);
}
if (!chromium) skip("there is no Chromium (Debian package chromium)");
if (!existsSync(penstock)) skip(`there is no ${penstock}`);

/** Starts the program in a place and gives the address that it prints. */
function begin(place, words) {
  const child = spawn(penstock, words, { cwd: place, stdio: ["ignore", "pipe", "inherit"] });
  started.push(child);
  return new Promise((done, fail) => {
    let text = "";
    child.stdout.on("data", (piece) => {
      text += piece;
      const url = /https?:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
      if (url) done(url);
    });
    child.on("exit", (code) => fail(new Error(`penstock ${words.join(" ")} ended with ${code}: ${text}`)));
  });
}

/** A run of so many rows goes on: its page, and how to ask the API about it. */
async function running(browser, { rows, sandbox, sync, ...sight }) {
  const place = mkdtempSync(join(tmpdir(), "penstock-live-"));
  places.push(place);
  const crm = await begin(place, ["sandbox", "--quiet", "--listen", "127.0.0.1:0", ...sandbox]);
  const lines = Array.from({ length: rows }, (_, index) => `${index + 1},Ana ${index},ana${index}@${index % 97 === 3 ? "@" : ""}example.com,+49 30 ${100000 + index}`);
  const files = {
    "data/people.csv": `id,name,email,phone\n${lines.join("\n")}\n`,
    "penstock.yaml": "project: live\n",
    "sources/warehouse.yaml": JSON.stringify({ type: "duckdb", files: { people: "data/people.csv" } }),
    "models/people.yaml": JSON.stringify({ source: "warehouse", primary_key: "id", sql: "select * from people" }),
    "destinations/crm.yaml": JSON.stringify({ type: "hubspot", access_token: "t", base_url: crm }),
    "syncs/contacts.yaml": JSON.stringify({ model: "people", destination: "crm", object: "contacts", mode: "upsert", match: { email: "email" }, fields: { firstname: "name" }, ...sync }),
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(place, name)), { recursive: true });
    writeFileSync(join(place, name), text);
  }
  const server = await begin(place, ["serve", "--log-level", "error", "--listen", "127.0.0.1:0"]);
  if (!(await fetch(server)).ok) skip("the program was built without its pages");
  const asked = await fetch(`${server}/api/v1/runs`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ sync: "contacts" }) });
  const { run } = await asked.json();
  const { page, complaints } = await open(browser, `${server}/runs/${run}`, { height: 1200, ...sight });
  const now = async () => (await (await fetch(`${server}/api/v1/runs/${run}`)).json()).progress;
  const done = () => assert.deepEqual(complaints, []);
  const keep = (name) => pictures && page.screenshot({ path: join(pictures, `${name}.png`) });
  return { page, now, keep, done };
}

const tests = {
  "a destination at its limit: the gate is nearly shut before it, and its queue is full": async (browser) => {
    const { page, now, keep, done } = await running(browser, { rows: 20_000, sandbox: ["--latency", "80ms", "--limit", "none"], sync: { batch: { rows: 20 } } });
    await page.getByText("The destination holds the others back: it is at its limit.").waitFor();
    await page.getByText("crm: 190 of 190 per 10 s").first().waitFor();
    await page.getByRole("heading", { name: "Requests against the limit" }).waitFor();
    await page.getByRole("heading", { name: "How long replies take" }).waitFor();
    const said = /Deliver: [^;]*?([\d,]+) queued before it/.exec(await page.locator(".pipe").getAttribute("aria-label"))?.[1];
    const deliver = (await now()).queues.find((queue) => queue.step === "deliver");
    // The limit lets nothing go for some seconds: nothing moves between the two looks.
    assert.equal(Number(said?.replaceAll(",", "")), deliver.rows);
    await accessible(page, "a run at a limit");
    await keep("limit");
    done();
  },
  "a slow look-up: the gate of its own limit stands before it": async (browser) => {
    const { page, now, keep, done } = await running(browser, { rows: 12_000, sandbox: ["--latency", "40ms", "--limit", "none"], sync: { match: { phone: "phone" } }, theme: "dark" });
    await page.getByText(/^The look-up holds the others back/).waitFor();
    await page.getByText(/search: \d of 5 per second/).first().waitFor();
    await page.getByText("limit search: 5 per second").waitFor();
    const { queues } = await now();
    assert.ok(queues.find((queue) => queue.step === "lookup").rows > queues.find((queue) => queue.step === "deliver").rows, JSON.stringify(queues));
    await new Promise((past) => setTimeout(past, 4000));
    await keep("lookup");
    done();
  },
  "nothing is left of it when it is over": async (browser) => {
    const { page, keep, done } = await running(browser, { rows: 9000, sandbox: ["--latency", "100ms", "--limit", "none"], sync: { batch: { rows: 20, concurrency: 4 } }, width: 390 });
    await page.getByText("How long replies take").waitFor();
    await keep("narrow");
    await page.getByRole("heading", { name: "Where the time went" }).waitFor();
    assert.doesNotMatch(await page.locator(".pipe").getAttribute("aria-label"), /queued before it/);
    assert.equal(await page.getByText(/holds the others back/).count(), 0);
    done();
  },
};

const browser = await start();
let failed = 0;
for (const [name, test] of Object.entries(tests))
  try {
    await test(browser);
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n${error.stack ?? error}`);
  } finally {
    for (const child of started.splice(0)) child.removeAllListeners("exit").kill("SIGKILL");
    for (const place of places.splice(0)) rmSync(place, { recursive: true, force: true, maxRetries: 5 });
  }
await browser.close();
process.exit(failed ? 1 : 0);
