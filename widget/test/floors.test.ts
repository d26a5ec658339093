import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { test } from "node:test";

const root = join(process.cwd(), "src");
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

/** The code without comments. */
function read(file: string): string {
  return readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, "");
}

function imports(file: string): string[] {
  const found = read(file).matchAll(/from\s+"(\.[^"]*)"|import\(\s*"([^"]*)"/g);
  return [...found].map(([, name, lazy]) =>
    relative(root, normalize(join(root, dirname(file), name ?? lazy ?? ""))),
  );
}

function floor(file: string): string {
  return file.includes("/") ? dirname(file) : "main";
}

/** Which files hold the pattern. */
function holders(pattern: RegExp): string[] {
  return files.filter((file) => pattern.test(read(file))).sort();
}

const below: Record<string, RegExp> = {
  core: /^core\//,
  effects: /^core\/|^\.\.\/consent$/,
  ui: /^core\/|^ui\//,
  main: /./,
};

test("there is something to check", () => assert.ok(files.length > 15));

for (const file of files)
  test(`${file} imports only what lies below it`, () => {
    for (const name of imports(file))
      assert.match(name, below[floor(file)] ?? /^$/, `${file} imports ${name}`);
  });

test("core knows no page", () => {
  for (const file of holders(/\b(document|window|navigator|location|localStorage)\b(?!["'`])/))
    assert.notEqual(floor(file), "core", file);
});

test("only one module sends", () => {
  assert.deepEqual(holders(/\bfetch\b|XMLHttpRequest|sendBeacon/), ["effects/receipts.ts"]);
});

test("only one module reads the page's cookies and keeps receipts", () => {
  assert.deepEqual(holders(/document\.cookie|Document\.prototype, "cookie"|cookieStore/), [
    "effects/memory.ts",
  ]);
  assert.deepEqual(holders(/"consent\.(receipt|pending)"/), ["effects/memory.ts"]);
});

test("only memory and sweep touch web storage", () => {
  assert.deepEqual(holders(/\b(localStorage|sessionStorage|indexedDB)\b/), [
    "effects/memory.ts",
    "effects/sweep.ts",
  ]);
});

test("only one module touches the page's scripts, and two its frames", () => {
  assert.deepEqual(holders(/["'`]script\b/), ["effects/gate.ts"]);
  assert.deepEqual(holders(/["'`,]iframe\b|\.src = /), ["effects/frames.ts", "effects/gate.ts"]);
});

test("nothing writes markup or inline styles, or runs text", () => {
  assert.deepEqual(
    holders(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|cssText/),
    [],
  );
});
