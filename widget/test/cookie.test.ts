import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode, valuesIn, write } from "../src/core/cookie";
import { erasures } from "../src/core/erasures";
import { envelope, granting } from "./notice";

const { revision } = envelope;

for (const state of [
  granting([]),
  granting(["analytics"]),
  granting(["social-media"]),
  granting(["analytics", "social-media"]),
  granting(["analytics"], { stats: true, heat: false }),
  granting([], { ads: true }),
])
  test(`what is written is read back: ${encode(revision, state)}`, () => {
    assert.deepEqual(decode(valuesIn(`a=1; consent=${encode(revision, state)}; b=2`), envelope, 500), state);
  });

test("the value has the fixed form", () => {
  const state = granting(["analytics", "social-media"], { heat: false });
  assert.equal(encode(revision, state), "1.0123abcd.500.analytics-social-media.heat=0");
});

test("the order in which a server wrote the categories does not matter", () => {
  const found = decode(valuesIn("consent=1.0123abcd.500.social-media-analytics"), envelope, 500);
  assert.deepEqual(found, granting(["analytics", "social-media"]));
});

const ask: Record<string, string> = {
  "no cookie": "other=1",
  "another version": "consent=2.0123abcd.500.analytics",
  "another revision": "consent=1.ffffffff.500.analytics",
  "a time to come": "consent=1.0123abcd.501.analytics",
  "a time too long ago": "consent=1.0123abcd.-500.analytics",
  "an unknown category": "consent=1.0123abcd.500.analytics-marketing",
  "a category twice": "consent=1.0123abcd.500.analytics-analytics",
  "half a category": "consent=1.0123abcd.500.analyt",
  "an unknown service": "consent=1.0123abcd.500.analytics.nobody=1",
  "a service twice": "consent=1.0123abcd.500.analytics.heat=1.heat=0",
  "a damaged service": "consent=1.0123abcd.500.analytics.heat=2",
  "something behind it": "consent=1.0123abcd.500.analytics.heat=1x",
  "no fields": "consent=",
  "two that differ": "consent=1.0123abcd.500.; consent=1.0123abcd.500.analytics",
  "a flood": `consent=1.0123abcd.500.${"a".repeat(2000)}`,
  "names of the language itself": "consent=1.0123abcd.500.constructor.__proto__=1",
};
for (const [what, jar] of Object.entries(ask))
  test(`the visitor is asked on ${what}`, () =>
    assert.equal(decode(valuesIn(jar), envelope, 500), undefined));

test("the same cookie twice is one answer", () => {
  const jar = "consent=1.0123abcd.500.analytics; consent=1.0123abcd.500.analytics";
  assert.deepEqual(decode(valuesIn(jar), envelope, 500), granting(["analytics"]));
});

test("an answer holds until the time to ask again, and no second longer", () => {
  const jar = "consent=1.0123abcd.500.";
  assert.ok(decode(valuesIn(jar), envelope, 1499));
  assert.equal(decode(valuesIn(jar), envelope, 1500), undefined);
});

test("the cookie is bound to the declared domain and to https where there is one", () => {
  const line = write(envelope, granting([]), "www.shop.example", true);
  assert.equal(
    line,
    "consent=1.0123abcd.500.; Path=/; Max-Age=1000; SameSite=Lax; Secure; Domain=shop.example",
  );
});

test("a host outside the declared domain keeps the cookie to itself", () => {
  for (const host of ["localhost", "notshop.example", "example"])
    assert.doesNotMatch(write(envelope, granting([]), host, false), /Domain|Secure/);
});

test("deleting tries the host, each parent domain and each path above", () => {
  const lines = erasures("x", "www.shop.example", ["/a/b"]);
  for (const path of ["/", "/a", "/a/", "/a/b", "/a/b/"])
    for (const domain of ["", "; Domain=www.shop.example", "; Domain=shop.example"])
      assert.ok(lines.includes(`x=; Max-Age=0; Path=${path}${domain}`), `${path}${domain}`);
  assert.ok(lines.includes("x=; Max-Age=0; Path=/; Secure; Partitioned"));
});
