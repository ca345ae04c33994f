// Editing: form and YAML both ways, suggestions, mistakes beside the field, saving with a difference; connecting;
// secrets that do not come back.
import assert from "node:assert/strict";
import { startMock } from "../mock/server.mjs";
import { accessible } from "./looks.mjs";
import { open } from "./browser.mjs";

async function on(browser, path, story, options = {}) {
  const mock = await startMock(options);
  const { page, context, complaints } = await open(browser, mock.url + path, options);
  page.setDefaultTimeout(30_000);
  await story(page, mock);
  assert.deepEqual(complaints, []);
  await context.close();
  mock.close();
}
const yamlOf = (page) => page.evaluate(() => [...document.querySelectorAll(".code-host")].at(-1)?.shadowRoot?.querySelector(".cm-content")?.innerText ?? "");
const waitForYaml = (page, part) => page.waitForFunction((text) => [...document.querySelectorAll(".code-host")].at(-1)?.shadowRoot?.querySelector(".cm-content")?.innerText.includes(text), part);

export const tests = {
  "a sync is edited by form and by YAML, and saved as a commit": (browser) => on(browser, "/syncs/customers_to_crm/edit", async (page, mock) => {
    await waitForYaml(page, "mode: upsert");
    await page.getByRole("radio", { name: /^update/ }).check();
    await waitForYaml(page, "mode: update");
    assert.match(await yamlOf(page), /# What sales should see of each customer/, "comments stay");
    await page.getByRole("button", { name: "Take it: city for city" }).click();
    await waitForYaml(page, "city: city");
    await page.getByRole("button", { name: "More about company" }).click();
    await page.getByLabel("Add a transform to company").selectOption("trim");
    await waitForYaml(page, "company: { from: company, transform: trim }");
    await page.getByRole("textbox", { name: /YAML of/ }).click();
    await page.keyboard.press("Control+Home");
    await page.keyboard.type("owner: mara\n");
    await page.waitForFunction(() => [...document.querySelectorAll("input")].some((input) => input.value === "mara"));
    await accessible(page, "the editor");
    await page.getByRole("button", { name: "Save" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("+mode: update").waitFor();
    await dialog.getByText("-mode: upsert").waitFor();
    await accessible(page, "saving");
    await dialog.getByLabel("What was done, and why").fill("Only update, sales creates contacts");
    await dialog.getByRole("button", { name: "Commit to main" }).click();
    await page.waitForURL(/\/syncs\/customers_to_crm$/);
    const kept = await (await fetch(`${mock.url}/api/v1/files/content?path=syncs/customers_to_crm.yaml`)).json();
    assert.match(kept.text, /^owner: mara\n# What sales/);
    assert.match(kept.text, /  city: city\n/);
    assert.match(kept.text, /match: { email: email } # destination field: model column\n/);
  }),
  "a mistake is told beside the field, and nothing is saved with it": (browser) => on(browser, "/syncs/customers_to_crm/edit", async (page) => {
    await page.getByLabel("How tier is filled").waitFor();
    await page.getByLabel("SQL for tier").fill("upper(first_nme)");
    await page.locator("li.wrong").getByText("did you mean 'first_name'?").waitFor();
    await page.getByText("1 thing to mend").waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    assert.ok(await page.getByRole("dialog").getByRole("button", { name: "Commit to main" }).isDisabled());
    await page.keyboard.press("Escape");
    await page.getByRole("textbox", { name: /YAML of/ }).click();
    await page.keyboard.press("Control+Home");
    await page.keyboard.type("a: [\n");
    await page.getByText("The YAML cannot be read").waitFor();
    assert.ok(await page.getByLabel("Model", { exact: true }).isDisabled());
  }),
  "a new sync is made from suggestions alone": (browser) => on(browser, "/syncs/new?model=deals", async (page) => {
    await page.getByLabel("Destination").selectOption("crm");
    await page.getByLabel("Object").fill("contacts");
    await page.getByRole("button", { name: /Take all \d+ suggestions/ }).click();
    await page.getByLabel("A record is found by").fill("email");
    await page.getByLabel("whose value is the model's").selectOption("email");
    await page.getByText("With your first row.").waitFor();
    await page.locator(".mapping-sample").first().locator(".masked, .value").first().waitFor();
    assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "deals_to_crm");
    await page.getByText("There is a sync of this name").waitFor();
    await page.getByLabel("Name", { exact: true }).fill("deals_to_contacts");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("dialog").getByText("syncs/deals_to_contacts.yaml").waitFor();
    await page.getByRole("dialog").getByText("+match: { email: email }").waitFor();
  }),
  "a query is written with completion, previewed, and its personal columns marked": (browser) => on(browser, "/models/new", async (page) => {
    await page.getByLabel("Name", { exact: true }).fill("gold_customers");
    await page.getByRole("textbox", { name: "The query" }).click();
    await page.keyboard.press("Control+a");
    await page.keyboard.type("select id, email from cust");
    await page.getByRole("option", { name: "customers" }).first().waitFor();
    await page.waitForTimeout(200); // the list takes no key before somebody can have read it
    await page.keyboard.press("Enter");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("heading", { name: "First 20 rows" }).waitFor();
    await page.getByRole("checkbox", { name: "email" }).check();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("dialog").getByText("+pii: [email]").waitFor();
    await page.getByRole("dialog").getByText("+  select id, email from customers").waitFor();
  }),
  "a destination is connected; its token goes to the store and stays nowhere on the page": (browser) => on(browser, "/tools/connect/destination/hubspot", async (page, mock) => {
    let secret;
    page.on("request", (request) => { if (request.method() === "PUT") secret = { url: request.url(), body: request.postData() }; });
    await page.getByLabel("Name", { exact: true }).fill("crm_two");
    await page.getByLabel("access_token").fill("pat-very-secret");
    await page.getByText("access_token: ${secret:crm_two_access_token}").waitFor();
    await page.getByLabel("account").selectOption("starter");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "crm_two is connected" }).waitFor();
    assert.match(secret.url, /secrets\/crm_two_access_token$/);
    assert.match(secret.body, /pat-very-secret/);
    assert.ok(!(await page.content()).includes("pat-very-secret"));
    const file = await (await fetch(`${mock.url}/api/v1/files/content?path=destinations/crm_two.yaml`)).json();
    assert.equal(file.text, "type: hubspot\naccess_token: ${secret:crm_two_access_token}\naccount: starter\n");
    await page.getByRole("button", { name: "Test" }).click();
    await page.getByText("Connected; 14 objects can be written").waitFor();
  }),
  "a token is shown once": (browser) => on(browser, "/settings/tokens", async (page) => {
    await page.getByRole("button", { name: "New token" }).click();
    await page.getByLabel("Name").fill("deploy");
    await page.getByRole("button", { name: "Make it" }).click();
    await page.getByText(/^pst_/).waitFor();
    await page.getByRole("button", { name: "I have it" }).click();
    await page.getByRole("rowheader", { name: "deploy" }).waitFor();
    assert.ok(!(await page.content()).includes("pst_3kq"));
  }),
};
