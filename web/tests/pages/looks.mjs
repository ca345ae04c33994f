// Each page in light and dark, wide and narrow, with little, much, no and broken data: nothing is wider than the
// screen, nothing breaks, and axe finds nothing (WCAG 2.2 AA).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { startMock } from "../mock/server.mjs";
import { open, settled } from "./browser.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function accessible(page, where) {
  // The policy lets no script in by an element; the browser's debugger is not held to it.
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"] }));
  const said = found.violations.flatMap((violation) => violation.nodes.slice(0, 3).map((node) => `${violation.id}: ${node.target} ${node.failureSummary?.split("\n").slice(1).join(" ")}`));
  assert.deepEqual(said, [], where);
}

async function fits(page, where) {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wider <= 0, `${where} is ${wider} pixels wider than the screen`);
}

const usual = ["/", "/syncs", "/syncs/customers_to_crm", "/syncs/customers_to_crm/mapping", "/syncs/customers_to_crm/schedule", "/syncs/customers_to_crm/history", "/syncs/customers_to_crm/yaml", "/syncs/customers_to_crm/edit",
  "/syncs/new", "/syncs/customers_to_crm/rows/100005", "/runs", "RUN", "RUN/operations", "PLAN", "/models", "/models/customers", "/models/customers/edit", "/models/new", "/tools", "/tools/catalogue", "/tools/catalogue/hubspot", "/tools/connect/destination",
  "/tools/connect/destination/hubspot", "/tools/connect/source", "/tools/connect/source/postgres", "/alerts", "/git", "/files/syncs/customers_to_crm.yaml", "/settings", "/settings/users", "/settings/tokens", "/settings/secrets", "/settings/audit", "/nowhere"];
const some = ["/", "/syncs", "/runs", "/models", "/tools", "/alerts", "/git"];
const sights = [["light", 1440], ["dark", 390]];

async function look(browser, mode, paths, [theme, width]) {
  const mock = await startMock({ mode });
  const run = mode === "usual" ? mock.world.begin("deals_to_crm", { toSend: 5_000_000, planSeconds: 0 }).run : "";
  const csrf = { "X-CSRF-Token": "csrf", "Content-Type": "application/json" };
  const plan = mode === "usual" ? (await (await fetch(`${mock.url}/api/v1/plans`, { method: "POST", headers: csrf, body: '{"sync":"customers_to_crm"}' })).json()).id : "";
  const { page, context, complaints } = await open(browser, mock.url, { theme, width });
  const wrong = [];
  for (const path of paths) {
    const where = `${path} (${mode}, ${theme}, ${width})`;
    const begin = Date.now();
    try {
      // Within the page, as a link goes: all else is loaded once.
      await page.evaluate((to) => history.pushState(null, "", to), path.replace("RUN", `/runs/${run}`).replace("PLAN", `/plans/${plan}`));
      await page.waitForTimeout(80);
      await settled(page);
      await page.waitForTimeout(60);
      await fits(page, where);
      await accessible(page, where);
      assert.equal(await page.locator("h1").count() > 0 || path === "/nowhere", true, `${where} has no heading`);
      if (Date.now() - begin > 5000) console.log(`      ${where} took ${Date.now() - begin} ms`);
    } catch (error) {
      wrong.push(`${where}: ${error.message}`);
    }
  }
  assert.deepEqual(complaints, []);
  assert.deepEqual(wrong, []);
  await context.close();
  mock.close();
}

export const tests = Object.fromEntries([
  ...sights.map((sight) => [`every page, ${sight.join(" ")}`, (browser) => look(browser, "usual", usual, sight)]),
  ...["little", "much", "none", "broken"].flatMap((mode, index) => [[`pages with ${mode} data`, (browser) => look(browser, mode, some, sights[index % 2])]]),
]);
