// The pages in a real browser against the mock: what people do on them, whether everybody can (axe), on which sizes, in
// which colours, with how many bytes. Ends with 77 where there is no Chromium: ctest then shows it as skipped.
//   node tests/pages/run.mjs [PART OF A TEST'S NAME]
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { program, start } from "./browser.mjs";

if (!program) {
  console.log("skipped: there is no Chromium (Debian package chromium)");
  process.exit(process.env.PENSTOCK_SERVERS === "required" ? 1 : 77);
}
if (!existsSync(fileURLToPath(new URL("../../dist/index.html", import.meta.url)))) {
  console.log("there is no web/dist: ./dev pages makes it");
  process.exit(1);
}
const only = process.argv[2] ?? "";
const suites = await Promise.all(["budget", "looks", "stories", "editing"].map((name) => import(`./${name}.mjs`)));
const browser = await start();
let failed = 0;
for (const { tests } of suites)
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
