// Debian's Chromium, headless, for the tests of the pages and for the pictures in the README.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

export const program = [process.env.PENSTOCK_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => path && existsSync(path));
export const start = () => chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb", "--font-render-hinting=none"] });

/** A page in a colour scheme and a width; what the browser complains of is kept in `complaints`. */
export async function open(browser, url, { theme = "light", width = 1440, height = 900, reduced = true } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: reduced ? "reduce" : "no-preference", timezoneId: "Europe/Berlin", locale: "en-GB", hasTouch: width < 500 });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && !/status of (4\d\d)/.test(message.text()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  // What the policy of the pages forbids is told on the console, too, but not in every case.
  await context.exposeFunction("tellViolation", (text) => complaints.push(text));
  await context.addInitScript(() => addEventListener("securitypolicyviolation", (event) => window.tellViolation(`the policy forbids ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`), true));
  await page.goto(url, { waitUntil: "load" });
  await settled(page);
  return { page, context, complaints };
}

/** The page has what it asked for: no skeleton is left. */
export async function settled(page) {
  await page.waitForSelector("main, .alone", { timeout: 60_000 });
  await page.waitForFunction(() => !document.querySelector(".skeleton") && document.fonts.status === "loaded", undefined, { timeout: 60_000 });
}
