// The pages at size, against the real program: a project of a thousand syncs, and a run of many rows (120,000;
// PENSTOCK_PAGES_ROWS says another number, such as 1000000). Prints what it measured. Ends with 77 where there is no
// Chromium or no program.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { open, program as chromium, start } from "./browser.mjs";
import { makePlace, penstock, withPages } from "./world.mjs";

function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(process.env.PENSTOCK_SERVERS === "required" ? 1 : 77);
}
if (!chromium) skip("there is no Chromium (Debian package chromium)");
if (!existsSync(penstock)) skip(`there is no ${penstock}`);

const ROWS = Number(process.env.PENSTOCK_PAGES_ROWS ?? 120_000);
const SYNCS = 1000;
const middle = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const tell = (text) => console.log(`      ${text}`);
const timed = async (work) => {
  const begin = performance.now();
  const result = await work();
  return [Math.round(performance.now() - begin), result];
};
const memoryOf = (pid) => Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1000);

async function serve(at) { // without schedules: a thousand syncs would all be due at once
  const url = await at.start("serve", "--listen", "127.0.0.1:0", "--no-schedules");
  return { url: await withPages(String(url), at.started), pid: url.pid };
}

function project(at, crm) {
  at.file("penstock.yaml", "project: large\n");
  at.file("sources/warehouse.yaml", "type: duckdb\nfiles: { none: none.csv }\n");
  at.file("none.csv", "id\n1\n");
  at.file("destinations/crm.yaml", `type: hubspot\naccess_token: pat\nbase_url: ${crm}\n`);
}

/** The first page, some times: bytes that came, and when the page was there to be used. */
async function firstPage(browser, url) {
  const there = [], painted = [];
  let bytes = 0;
  for (let times = 0; times < 7; times += 1) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    const wire = await context.newCDPSession(page);
    await wire.send("Network.enable");
    bytes = 0;
    wire.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
    // Interactive is when the headline and the table are there and the thread is free to answer a click.
    await page.addInitScript(() => {
      const look = () => (document.querySelector("h1") && document.querySelector("table tbody tr") ? setTimeout(() => (window.interactiveAt = performance.now())) : requestAnimationFrame(look));
      requestAnimationFrame(look);
    });
    await page.goto(url, { waitUntil: "commit" });
    await page.waitForFunction(() => window.interactiveAt, undefined, { timeout: 60_000, polling: 50 });
    there.push(await page.evaluate(() => window.interactiveAt));
    painted.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0));
    await page.waitForTimeout(300);
    await context.close();
  }
  return { there: Math.round(middle(there)), least: Math.round(Math.min(...there)), painted: Math.round(middle(painted)), kilobytes: Math.round(bytes / 1000) };
}

export const tests = {
  [`${SYNCS} syncs: overview, list, search, filters, palette`]: async (browser) => {
    const at = makePlace("syncs");
    try {
      const crm = await at.start("sandbox", "--listen", "127.0.0.1:0", "--limit", "none");
      project(at, crm);
      at.file("destinations/support.yaml", `type: hubspot\naccess_token: pat-2\nbase_url: ${crm}\n`);
      for (let model = 0; model < 20; model += 1) at.file(`models/segment_${model}.sql`, `-- source: warehouse\n-- primary_key: id\nselect ${model * 1000} + range as id, 'p' || (${model * 1000} + range) || '@example.com' as email, 'Name ' || range as name from range(${model + 2})\n`);
      const team = ["growth", "sales", "support", "finance"];
      for (let sync = 0; sync < SYNCS; sync += 1)
        at.file(`syncs/sync_${String(sync).padStart(4, "0")}.yaml`, `model: segment_${sync % 20}\ndestination: ${sync % 3 ? "crm" : "support"}\nobject: contacts\nmode: upsert\nmatch: { email: email }\nfields: { firstname: name }\nowner: ${team[sync % 4]}@example.com\ntags: [t${sync % 7}]\nschedule: { every: 1h }\n`);
      at.run(["run", "sync_000*"]);
      const server = await serve(at);
      const [cold] = await timed(async () => (await fetch(`${server.url}/api/v1/syncs`)).text());
      const [warm, text] = await timed(async () => (await fetch(`${server.url}/api/v1/syncs`)).text());
      tell(`GET /syncs: ${cold} ms first, ${warm} ms then, ${Math.round(text.length / 1000)} KB not compressed; load ${loadavg()[0].toFixed(1)}`);
      const first = await firstPage(browser, `${server.url}/`);
      tell(`overview: painted after ${first.painted} ms, interactive after ${first.there} ms (median of 7; best ${first.least}), ${first.kilobytes} KB with data`);
      const { page, context, complaints } = await open(browser, `${server.url}/syncs`);
      page.setDefaultTimeout(30_000);
      await page.getByText("1,000 syncs").waitFor();
      assert.ok((await page.getByRole("row").count()) < 60, "only rows in sight are made");
      const [search] = await timed(async () => { await page.getByLabel("Search the syncs").fill("0517"); await page.getByText("1 of 1,000 syncs").waitFor(); });
      await page.getByLabel("Search the syncs").fill("");
      const [filter] = await timed(async () => { await page.getByLabel("Any destination").selectOption("support"); await page.getByText("334 of 1,000 syncs").waitFor(); });
      await page.getByLabel("Any owner").selectOption("sales@example.com");
      await page.waitForURL(/owner=sales/);
      await page.getByLabel("Any state").selectOption("healthy");
      await page.getByText(/^\d+ of 1,000 syncs/).waitFor();
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox", { name: "Find anything" }).fill("sync_0777");
      const [palette] = await timed(() => page.getByRole("option", { name: /sync_0777/ }).first().waitFor());
      await page.keyboard.press("Enter");
      await page.waitForURL(/sync_0777/);
      tell(`search ${search} ms, filter ${filter} ms, palette ${palette} ms, each to what is shown; server ${memoryOf(server.pid)} MB`);
      assert.deepEqual(complaints, []);
      await context.close();
    } finally {
      await at.end();
    }
  },
  [`a run of ${ROWS.toLocaleString("en")} rows: its page, every row, filters`]: async (browser) => {
    const at = makePlace("rows");
    try {
      const crm = await at.start("sandbox", "--listen", "127.0.0.1:0", "--limit", "none", "--fail", "0.5%");
      project(at, crm);
      at.file("models/people.sql", `-- source: warehouse\n-- primary_key: id\nselect 1000000 + range as id, 'p' || range || '@example.com' as email, 'Name ' || range as name, range % 1000 as points from range(${ROWS})\n`);
      at.file("syncs/people.yaml", "model: people\ndestination: crm\nobject: contacts\nmode: upsert\nmatch: { email: email }\nfields: { firstname: name, points: points }\n");
      const [took] = await timed(() => at.run(["run", "people"], { codes: [0, 3] }));
      const server = await serve(at);
      const [run] = await (await fetch(`${server.url}/api/v1/runs`)).json();
      tell(`the run of ${ROWS} rows took ${Math.round(took / 1000)} s: ${run.accepted} accepted, ${run.rejected} rejected, ${run.requests} requests`);
      assert.equal(run.accepted + run.rejected, ROWS);
      const api = (query) => timed(async () => (await fetch(`${server.url}/api/v1/runs/${run.run}/operations?limit=500${query}`)).json());
      const before = memoryOf(server.pid);
      const [firstMs, page0] = await api("");
      const [lastMs, pageN] = await api(`&after=${ROWS - 500}`);
      const [rejectedMs, rejected] = await api("&outcome=rejected");
      const [keyMs, keyed] = await api(`&key=${1_000_000 + ROWS - 7}`);
      const [searchMs] = await api("&search=1000123");
      tell(`the API, 500 rows: first ${firstMs} ms, last ${lastMs} ms, rejected ${rejectedMs} ms, one key ${keyMs} ms, search ${searchMs} ms; server ${before} → ${memoryOf(server.pid)} MB`);
      assert.deepEqual([page0.operations.length, page0.total, pageN.operations.length, keyed.total, rejected.total], [500, ROWS, 500, 1, run.rejected]);
      assert.ok(pageN.next === undefined && page0.operations[0].key !== pageN.operations[0].key);
      const { page, context, complaints } = await open(browser, `${server.url}/runs/${run.run}`);
      page.setDefaultTimeout(60_000);
      await page.getByText(`of ${ROWS.toLocaleString("en")} sent`).waitFor();
      const [rows] = await timed(async () => { await page.getByRole("link", { name: "Every row" }).click(); await page.getByText(`${ROWS.toLocaleString("en")} rows`).waitFor(); await page.getByRole("row").nth(5).waitFor(); });
      assert.ok((await page.getByRole("row").count()) < 120, "only rows in sight are made");
      const [end] = await timed(async () => {
        const parts = page.getByLabel("Which rows");
        if (await parts.count()) await parts.selectOption(String(Math.ceil(ROWS / 100_000) - 1));
        await page.getByRole("row").nth(2).waitFor();
        await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
        await page.waitForFunction((most) => Number([...document.querySelectorAll("tr[aria-rowindex]:not([aria-busy])")].at(-1)?.getAttribute("aria-rowindex")) === most, ROWS + 1);
      });
      const heap = await page.evaluate(() => Math.round(performance.memory.usedJSHeapSize / 1e6));
      const [only] = await timed(async () => { await page.getByLabel("Outcome").selectOption("rejected"); await page.getByText(`${run.rejected.toLocaleString("en")} like this`).waitFor(); });
      const [one] = await timed(async () => { await page.goto(`${server.url}/runs/${run.run}/operations?key=${1_000_000 + ROWS - 7}`); await page.getByText("1 like this").waitFor(); });
      tell(`the page: first rows ${rows} ms, jump to the last row ${end} ms, filter ${only} ms, one key (page loaded anew) ${one} ms; ${heap} MB of JavaScript`);
      assert.ok(heap < 200, `${heap} MB`);
      assert.deepEqual(complaints, []);
      await context.close();
    } finally {
      await at.end();
    }
  },
};

const only = process.argv[2] ?? "";
const browser = await start();
let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  if (!name.includes(only)) continue;
  const begin = Date.now();
  try {
    await test(browser);
    console.log(`ok    ${name} (${Date.now() - begin} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n${error.stack ?? error}`);
  }
}
await browser.close();
process.exit(failed ? 1 : 0);
