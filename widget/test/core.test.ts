import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf } from "../src/core/address";
import { betterLanguage } from "../src/core/language";
import { createStore } from "../src/core/store";
import { timeOf, uuid7 } from "../src/core/uuid";
import { notice } from "./notice";

test("a listener that throws is reported and stops no other", () => {
  const heard: unknown[] = [];
  const store = createStore(1, (error) => heard.push(error));
  store.listen(() => {
    throw new Error("broken");
  });
  store.listen((now) => heard.push(now));
  store.set(2);
  assert.deepEqual(heard, [new Error("broken"), 2]);
  assert.equal(store.get(), 2);
});

const languages: [asked: string | undefined, page: string, fetched: string | undefined][] = [
  [undefined, "", undefined],
  [undefined, "en-GB", undefined],
  [undefined, "lt", "lt"],
  [undefined, "LT-lt", "lt"],
  [undefined, "pt", "pt-BR"],
  [undefined, "fr", undefined],
  ["en", "lt", undefined],
  ["fr", "lt", "lt"],
];
for (const [asked, page, fetched] of languages)
  test(`a tag that asks for ${asked ?? "nothing"} on a page in “${page}” fetches ${fetched ?? "nothing"}`, () => {
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
    asked: undefined,
    pinned: "00ff",
  });
});
