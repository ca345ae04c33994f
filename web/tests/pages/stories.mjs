// What people do: look, run, follow, find a refused row, plan, approve, search, by keyboard.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { startMock } from "../mock/server.mjs";
import { accessible } from "./looks.mjs";
import { open, settled } from "./browser.mjs";

async function on(browser, path, options, story) {
  const mock = await startMock(options);
  const { page, context, complaints } = await open(browser, mock.url + path, options);
  page.setDefaultTimeout(30_000) // a machine that compiles beside it is slow;
  await story(page, mock);
  assert.deepEqual(complaints.filter((text) => !options.away || !/Failed to load/.test(text)), []);
  await context.close();
  mock.close();
}

export const tests = {
  "the overview says what needs a person, and leads there": (browser) => on(browser, "/", {}, async (page) => {
    assert.match(await page.locator("h1").innerText(), /6 of 12 syncs flow\. 4 need you\./);
    await page.getByRole("listitem").filter({ hasText: "INVALID_EMAIL" }).getByRole("link", { name: "See the rows" }).click();
    await page.getByRole("heading", { name: "customers → HubSpot contacts" }).waitFor();
    await page.getByRole("group", { name: /Model: 1,200,000 rows.*9 rejected/ }).waitFor();
    await page.getByRole("link", { name: "100005" }).click();
    await page.getByText("Try this row now").waitFor();
    await page.getByRole("group", { name: "Reply 400" }).getByText("VALIDATION_ERROR").waitFor();
    assert.equal(await page.locator(".masked").first().getAttribute("title").then((title) => title.includes("pii")), true);
  }),
  "a run is started after it was said what it does, followed live, and cancelled": (browser) => on(browser, "/syncs/companies_to_crm", {}, async (page) => {
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("dialog").getByText("sends only what differs").waitFor();
    await accessible(page, "the question before a run");
    await page.getByRole("dialog").getByRole("button", { name: "Run", exact: true }).click();
    await page.waitForURL(/\/runs\//);
    await page.getByText("The destination holds the others back: it is at its limit.").waitFor();
    assert.match(await page.locator(".pipe").getAttribute("aria-label"), /queued before it/);
    await page.getByText(/of 190 per 10 s/).first().waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "End it" }).click();
    await page.getByText("Interrupted").first().waitFor();
  }),
  "a run that ends by itself becomes a finished one without the page being loaded anew": (browser) => on(browser, "/", {}, async (page, mock) => {
    const { run } = mock.world.begin("deals_to_crm", { toSend: 900, perSecond: 900, planSeconds: 0.3 });
    await page.getByRole("link", { name: /deals_to_crm Running/ }).click();
    await page.waitForURL(`**/runs/${run}`);
    await page.getByRole("heading", { name: "Where the time went" }).or(page.getByText("Succeeded")).first().waitFor();
    await page.getByText("of 900 sent").waitFor();
  }),
  "a hundred thousand rows are scrolled, filtered by the address, and exported": (browser) => on(browser, "/runs", {}, async (page) => {
    await page.getByRole("row").filter({ hasText: "customers_to_crm" }).first().getByRole("link").first().click();
    await page.getByRole("link", { name: "Every row" }).click();
    await page.getByText("100,000 rows").waitFor();
    assert.ok((await page.getByRole("row").count()) < 120, "only rows in sight are made");
    assert.equal(await page.getByRole("table").getAttribute("aria-rowcount"), "100001");
    for (let times = 0; times < 4; times += 1) {
      await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
      await page.waitForTimeout(250);
    }
    assert.ok((await page.getByRole("row").last().getAttribute("aria-rowindex")) > 900, "more rows came");
    await page.getByLabel("Outcome").selectOption("rejected");
    await page.waitForURL(/outcome=rejected/);
    await page.getByText(/885 like this/).waitFor();
    await page.goto(`${page.url()}&error=SEVERAL_MATCH`);
    await page.getByText("error: SEVERAL_MATCH").waitFor();
    await page.getByText(/443 like this/).waitFor();
    await page.getByRole("button", { name: "Export" }).click();
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: /CSV/ }).click()]);
    const lines = readFileSync(await file.path(), "utf8").trim().split("\n");
    assert.equal(lines.length, 444);
    assert.match(lines[0], /^run,sync,key,/);
    await page.getByRole("button", { name: "Remove error" }).click();
    await page.waitForURL((url) => !url.searchParams.has("error"));
  }),
  "rows in doubt are settled, after it was said what that does": (browser) => on(browser, "/syncs?health=late", {}, async (page) => {
    await page.getByRole("row").nth(1).getByRole("link").first().click();
    await page.getByText("2 rows in doubt.").waitFor();
    await page.getByRole("link", { name: "100009" }).click();
    await page.getByText("Look there, then say what you found.").waitFor();
    assert.equal(await page.getByRole("button", { name: "Try this row now" }).count(), 0, "nothing is sent again unasked");
    await page.getByRole("button", { name: "It did not: send it again" }).click();
    await page.getByRole("dialog").getByText("will have it twice").waitFor();
    await accessible(page, "the question what became of a row");
    await page.getByRole("button", { name: "Leave it" }).click();
    await page.getByRole("button", { name: "It arrived", exact: true }).click();
    await page.getByRole("dialog").getByText("Row 100009 is taken for what").waitFor();
    await page.getByRole("button", { name: "Take it for arrived" }).click();
    await page.getByText("1 row taken for arrived").waitFor();
    await page.goBack();
    await page.getByText("1 row in doubt.").waitFor();
    await page.getByRole("button", { name: "It did not: send it again" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Send it again" }).click();
    await page.getByText("1 row in doubt.").waitFor({ state: "detached" });
  }),
  "a plan is read field by field, approved, and run exactly so": (browser) => on(browser, "/syncs/newsletter_audience", {}, async (page) => {
    await page.getByRole("button", { name: "Plan", exact: true }).click();
    await page.waitForURL(/\/plans\//);
    await page.getByRole("button", { name: "2,917 changed" }).click();
    await page.waitForURL(/change=changed/);
    const row = page.locator(".plan-row").first();
    await row.locator("del").first().waitFor();
    await row.locator("ins").first().waitFor();
    await row.getByRole("button", { name: "fields stay as they are" }).click();
    await page.getByLabel("Search keys and values").fill("Aalto");
    await page.waitForURL(/search=Aalto/);
    assert.ok(await page.getByRole("button", { name: "Run exactly this" }).isDisabled(), "it needs approval first");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Approved by mara").waitFor();
    await page.getByRole("button", { name: "Run exactly this" }).click();
    await page.getByRole("button", { name: "Send, past max_removed" }).click();
    await page.waitForURL(/\/runs\//);
  }),
  "everything is found and reached by keyboard": (browser) => on(browser, "/", {}, async (page) => {
    await page.keyboard.press("g");
    await page.keyboard.press("s");
    await page.waitForURL(/\/syncs$/);
    await settled(page);
    await page.keyboard.press("/");
    await page.keyboard.type("crm");
    await page.waitForURL(/q=crm/);
    await page.getByRole("row").nth(1).focus();
    await page.keyboard.press("ArrowDown");
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute("data-index"));
    await page.waitForFunction(() => document.activeElement?.getAttribute("data-index") === "1");
    await page.keyboard.press("End");
    await page.waitForFunction(() => document.activeElement?.getAttribute("data-index") === "2");
    assert.equal(await focused(), "2");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/syncs\/\w+_to_crm$/);
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await accessible(page, "the keys");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.keyboard.type("customers_to_crm 100231");
    await page.getByRole("option", { name: /row 100231 .* customers_to_crm/ }).waitFor();
    await accessible(page, "the palette");
    await page.keyboard.press("Enter");
    await page.waitForURL(/rows\/100231/);
  }),
  "a thousand syncs are filtered, sorted, and the columns chosen": (browser) => on(browser, "/syncs", { mode: "much" }, async (page) => {
    await page.getByText("1,000 syncs").waitFor();
    assert.ok((await page.getByRole("row").count()) < 60);
    await page.getByLabel("Any state").selectOption("failed");
    await page.waitForURL(/health=failed/);
    await page.getByText(/of 1,000 syncs/).waitFor();
    await page.getByRole("columnheader", { name: "Sync" }).getByRole("button").click();
    assert.equal(await page.getByRole("columnheader", { name: "Sync" }).getAttribute("aria-sort"), "ascending");
    await page.getByRole("button", { name: "Choose columns" }).click();
    await page.getByLabel("Owner", { exact: true }).check();
    await page.getByRole("columnheader", { name: "Owner" }).waitFor();
    await page.reload();
    await page.getByRole("columnheader", { name: "Owner" }).waitFor();
  }),
  "people log in, what they may not do is not offered, and they log out": (browser) => on(browser, "/syncs", { login: true }, async (page) => {
    await page.getByText("the login provider does not take the code").waitFor();
    const provider = await page.getByRole("link", { name: "Log in with Acme SSO" }).getAttribute("href");
    assert.equal(provider, "/api/v1/session/provider?next=%2Fsyncs");
    await page.getByLabel("Name").fill("mara");
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("Name and password do not fit").waitFor();
    await accessible(page, "the login");
    await page.getByLabel("Password").fill("right");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { name: "Syncs" }).waitFor();
    await page.route("**/api/v1/session", async (route) => {
      const answer = await route.fetch();
      const body = await answer.json().catch(() => undefined);
      await route.fulfill({ response: answer, ...(body ? { json: { ...body, role: "viewer", may: ["view"] } } : {}) });
    });
    await page.reload();
    await page.getByRole("heading", { name: "Syncs" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "New sync" }).count(), 0);
    await page.goto(page.url() + "/customers_to_crm");
    await page.getByRole("heading", { name: "customers → HubSpot contacts" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Run", exact: true }).count(), 0);
    assert.equal(await page.getByRole("link", { name: "Edit" }).count(), 0);
    await page.unroute("**/api/v1/session");
    await page.getByRole("button", { name: "You are mara" }).click();
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await page.getByLabel("Password").waitFor();
  }),
  "a server that went away is told, and what was missed is asked for when it is back": (browser) => on(browser, "/", { away: true }, async (page) => {
    await page.route("**/api/**", (route) => route.abort());
    await page.getByRole("link", { name: "Alerts", exact: true }).click();
    await page.getByText("The server cannot be reached").waitFor();
    await page.unroute("**/api/**");
    await page.getByRole("button", { name: "Try again" }).first().click();
    await page.getByRole("heading", { name: "ops" }).waitFor();
  }),
};
