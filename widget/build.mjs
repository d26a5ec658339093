/** Builds all bundles for development, into a folder (dist/ unless one is named): the same flags as the product's. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const root = import.meta.dirname;
const folder = resolve(process.argv[2] ?? join(root, "dist"));
const { styles, extras, preferences, consent } = JSON.parse(readFileSync(join(root, "esbuild.json"), "utf8"));

function run(...words) {
  const program = join(root, "node_modules", ".bin", "esbuild");
  return execFileSync(program, [...words, "--log-level=warning"], { cwd: root, encoding: "utf8" });
}

function build({ entry, flags }, out, ...more) {
  run(entry, ...flags, ...more, `--outfile=${out}`);
  const bytes = readFileSync(out);
  const sizes = [bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes).length];
  process.stdout.write(`${entry}: ${sizes.join(" / ")} bytes raw / gzip / brotli\n`);
  return createHash("sha256").update(bytes).digest("hex");
}

mkdirSync(folder, { recursive: true });
const defined = Object.entries(styles).map(
  ([name, file]) => `--define:${name}=${JSON.stringify(run(file, "--minify").trim())}`,
);

/** A chunk is named by its hash, which whoever loads it has to know. */
function buildChunk(program, ...more) {
  const chunk = join(folder, "chunk.js");
  const sha256 = build(program, chunk, ...defined, ...more);
  renameSync(chunk, join(folder, `${sha256}.js`));
  return sha256;
}

const extrasSha256 = buildChunk(extras);
const sha256 = buildChunk(preferences, `--define:EXTRAS_SHA256="${extrasSha256}"`);
build(consent, join(folder, "consent.js"), ...defined, `--define:CHUNK_SHA256="${sha256}"`);
