/** Bundles the tests into a temporary folder (Node 20 cannot read TypeScript) and runs them there. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "consent-widget-"));
const tests = readdirSync(join(root, "test")).filter((name) => name.endsWith(".test.ts"));

try {
  execFileSync(
    join(root, "node_modules", ".bin", "esbuild"),
    [
      ...tests.map((name) => join("test", name)),
      "--bundle",
      "--platform=node",
      "--format=esm",
      "--out-extension:.js=.mjs",
      `--outdir=${folder}`,
      "--log-level=warning",
    ],
    { cwd: root, stdio: "inherit" },
  );
  const files = tests.map((name) => join(folder, name.replace(/\.ts$/, ".mjs")));
  process.exitCode =
    spawnSync(process.execPath, ["--test", ...files], { cwd: root, stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
