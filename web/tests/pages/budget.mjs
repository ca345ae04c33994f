// How much the first page weighs, and that nothing comes from elsewhere or against the policy.
import assert from "node:assert/strict";
import { startMock } from "../mock/server.mjs";
import { open } from "./browser.mjs";

const BUDGET = 300_000;

export const tests = {
  "the first page is under 300 KB, from one host, and there within a second": async (browser) => {
    const mock = await startMock();
    const context = await browser.newContext();
    const page = await context.newPage();
    const wire = await context.newCDPSession(page);
    await wire.send("Network.enable");
    let bytes = 0;
    const hosts = new Set();
    wire.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
    page.on("request", (request) => hosts.add(new URL(request.url()).origin));
    await page.goto(mock.url, { waitUntil: "load" });
    await page.getByRole("heading", { level: 1 }).waitFor();
    const interactive = await page.evaluate(() => performance.now());
    await page.waitForTimeout(500);
    const api = await page.evaluate(() => performance.getEntriesByType("resource").filter((each) => each.name.includes("/api/")).reduce((sum, each) => sum + each.encodedBodySize, 0));
    console.log(`      ${Math.round((bytes - api) / 1000)} KB of pages, ${Math.round(api / 1000)} KB of data (not compressed by the mock), ${Math.round(interactive)} ms until the page is there`);
    assert.deepEqual([...hosts], [mock.url]);
    assert.ok(bytes - api < BUDGET, `${bytes - api} bytes`);
    assert.ok(bytes - api > 50_000, "something was counted");
    await context.close();
    mock.close();
  },
  "one stream of events, and no question is asked twice by a timer": async (browser) => {
    const mock = await startMock();
    const asked = new Map();
    const context = await browser.newContext();
    const page = await context.newPage();
    page.on("request", (request) => request.url().includes("/api/") && asked.set(request.url(), (asked.get(request.url()) ?? 0) + 1));
    await page.goto(mock.url);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.waitForTimeout(4000);
    for (const [url, times] of asked) assert.ok(times <= 1, `${url} was asked ${times} times`);
    assert.equal([...asked.keys()].filter((url) => url.endsWith("/events")).length, 1);
    await context.close();
    mock.close();
  },
  "the policy of the pages is kept, also by the editor": async (browser) => {
    const mock = await startMock();
    for (const path of ["/", "/syncs/customers_to_crm/edit", "/models/customers/edit", "/tools/catalogue/hubspot"]) {
      const { page, context, complaints } = await open(browser, mock.url + path);
      await page.waitForTimeout(300);
      assert.deepEqual(complaints, [], path);
      assert.equal(await page.locator("main [style*='expression'], main script").count(), 0);
      await context.close();
    }
    mock.close();
  },
};
