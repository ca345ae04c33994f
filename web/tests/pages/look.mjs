// Pictures of pages to look at: node tests/pages/look.mjs OUT PATH... [--mode usual] [--theme light,dark] [--width 1440,390]
import { mkdirSync } from "node:fs";
import { startMock } from "../mock/server.mjs";
import { open, start } from "./browser.mjs";

const words = process.argv.slice(2);
const option = (name, otherwise) => { const at = words.indexOf(`--${name}`); return at < 0 ? otherwise : words.splice(at, 2)[1]; };
const mode = option("mode", "usual");
const themes = option("theme", "light").split(",");
const widths = option("width", "1440").split(",").map(Number);
const full = option("full", "yes") === "yes";
const [out, ...paths] = words;
mkdirSync(out, { recursive: true });
const server = await startMock({ mode });
const browser = await start();
for (const path of paths)
  for (const theme of themes)
    for (const width of widths) {
      const { page, context, complaints } = await open(browser, server.url + path, { theme, width });
      await page.waitForTimeout(600);
      const name = `${path.replace(/[^\w]+/g, "_").replace(/^_|_$/g, "") || "overview"}-${mode}-${theme}-${width}.png`;
      await page.screenshot({ path: `${out}/${name}`, fullPage: full });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      console.log(name, over > 0 ? `WIDER BY ${over}` : "", ...complaints);
      await context.close();
    }
await browser.close();
server.close();
