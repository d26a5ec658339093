import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf } from "../src/core/address";
import { betterLanguage } from "../src/core/language";
import { reportOf } from "../src/core/report";
import { createStore } from "../src/core/store";
import { timeOf, uuid7 } from "../src/core/uuid";
import { notice } from "./notice";

test("a listener that throws is reported and stops no other", () => {
  const heard: unknown[] = [];
  const store = createStore(1, (error) => heard.push(error));
  store.listen(() => {
    throw new Error("broken");
  });
  store.listen((now, before) => heard.push([now, before]));
  store.set(2);
  assert.deepEqual(heard, [new Error("broken"), [2, 1]]);
  assert.equal(store.get(), 2);
});

test("whoever stops listening hears nothing more", () => {
  const heard: number[] = [];
  const store = createStore(1, () => {});
  store.listen((now) => heard.push(now))();
  store.set(2);
  assert.deepEqual(heard, []);
});

const languages: [asked: string | null, page: string, fetched: string | undefined][] = [
  [null, "", undefined],
  [null, "en-GB", undefined],
  [null, "lt", "lt"],
  [null, "LT-lt", "lt"],
  [null, "pt", "pt-BR"],
  [null, "fr", undefined],
  ["en", "lt", undefined],
  ["fr", "lt", "lt"],
];
for (const [asked, page, fetched] of languages)
  test(`a tag that asks for ${asked} on a page in “${page}” fetches ${fetched ?? "nothing"}`, () => {
    assert.equal(betterLanguage(notice, asked, page), fetched);
  });

test("a decision's id is a UUIDv7 that tells its time", () => {
  const id = uuid7(0x0123456789ab, new Uint8Array([0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6]));
  assert.match(id, /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  assert.equal(timeOf(id), 0x0123456789ab);
});

test("the server, the site and the language are read from the tag's address", () => {
  assert.deepEqual(addressOf("https://c.example/v1/shop/consent.js?lang=lt"), {
    server: "https://c.example/v1",
    home: "https://c.example/v1/shop",
    asked: "lt",
    pinned: undefined,
  });
});

test("a pinned build takes its site from the tag, behind a path as well", () => {
  assert.deepEqual(addressOf("https://shop.example/consent/v1/assets/00ff.js", "shop"), {
    server: "https://shop.example/consent/v1",
    home: "https://shop.example/consent/v1/shop",
    asked: null,
    pinned: "00ff",
  });
});

test("a withdrawal reports each entry: deleted here or by the server, or left and why", () => {
  const [, analytics, social] = notice.categories;
  const [s, h] = analytics?.cookies ?? [];
  assert.ok(s && h && social);
  const swept = new Map([
    [s, true],
    [h, false],
  ]);
  const row = { category: "social-media", service: "ads", name: "_ads" };
  const { deleted, left } = reportOf(notice, swept, [
    { ...row, outcome: "third_party" },
    { category: "analytics", service: "site", name: "seen", outcome: "expired" },
  ]);
  assert.deepEqual(deleted, ["_s", "seen"]);
  assert.deepEqual(
    left.map(({ name }) => name),
    ["_h*", "_ads"],
  );
});

test("without the server's answer what only it can delete is left", () => {
  const { left } = reportOf(notice, new Map(), []);
  assert.deepEqual(
    left.map(({ name }) => name),
    ["seen"],
  );
});
