/** Builds both bundles for development, into a folder (dist/ unless one is named): the same flags as the product's. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const root = import.meta.dirname;
const folder = resolve(process.argv[2] ?? join(root, "dist"));
const { preferences, consent } = JSON.parse(readFileSync(join(root, "esbuild.json"), "utf8"));

function build({ entry, flags }, out, ...more) {
  const program = join(root, "node_modules", ".bin", "esbuild");
  execFileSync(program, [entry, ...flags, ...more, `--outfile=${out}`, "--log-level=warning"], { cwd: root });
  const bytes = readFileSync(out);
  const sizes = [bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes).length];
  process.stdout.write(`${entry}: ${sizes.join(" / ")} bytes raw / gzip / brotli\n`);
  return createHash("sha256").update(bytes).digest("hex");
}

mkdirSync(folder, { recursive: true });
const chunk = join(folder, "preferences.js");
const sha256 = build(preferences, chunk);
renameSync(chunk, join(folder, `${sha256}.js`));
build(consent, join(folder, "consent.js"), `--define:PREFERENCES_SHA256="${sha256}"`);
