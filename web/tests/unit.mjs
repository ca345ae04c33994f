// The tests of logic (src/**/*.test.ts); 77 where Vitest is not installed, which ctest shows as skipped.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
if (!existsSync(vitest)) {
  console.log("skipped: web/node_modules is not there (./dev pages)");
  process.exit(process.env.PENSTOCK_SERVERS === "required" ? 1 : 77);
}
process.exit(spawnSync(process.execPath, [vitest, "run"], { cwd: fileURLToPath(new URL("..", import.meta.url)), stdio: "inherit" }).status ?? 1);
