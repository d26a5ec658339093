import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, covers, isGranted, merge } from "../src/core/rules";
import { granting, notice } from "./notice";

test("before any choice only what is necessary is granted", () => {
  const state = { choices: {}, services: {}, time: 0 };
  assert.equal(isGranted(notice, state, "necessary"), true);
  for (const id of ["analytics", "social-media", "stats", "heat", "ads", "site"])
    assert.equal(isGranted(notice, state, id), false, id);
});

test("an id that the notice does not know is never granted", () => {
  const state = granting(["analytics", "social-media"], { nobody: true });
  for (const id of ["nobody", "", "constructor", "__proto__", "toString"])
    assert.equal(isGranted(notice, state, id), false, id);
});

test("a service is granted where every category that it stores in is", () => {
  assert.equal(isGranted(notice, granting(["analytics"]), "heat"), true);
  assert.equal(isGranted(notice, granting(["analytics"]), "stats"), false);
  assert.equal(isGranted(notice, granting(["analytics", "social-media"]), "stats"), true);
});

test("a service chosen by itself wins over its category", () => {
  assert.equal(isGranted(notice, granting(["analytics"], { heat: false }), "heat"), false);
  assert.equal(isGranted(notice, granting([], { ads: true }), "ads"), true);
  assert.equal(isGranted(notice, granting([], { ads: true }), "social-media"), false);
});

test("an answer covers every optional category and no other", () => {
  assert.deepEqual(
    answer(notice, () => true),
    { analytics: true, "social-media": true },
  );
});

test("what a call leaves out stays as it is", () => {
  const state = granting(["analytics"], { ads: true });
  assert.deepEqual(merge(notice, state, { heat: false }), {
    choices: { analytics: true, "social-media": false },
    services: { heat: false, ads: true },
  });
});

test("naming a category undoes earlier answers for its services alone", () => {
  const said = merge(notice, granting([], { heat: true, ads: true }), { analytics: false });
  assert.deepEqual(said, { choices: { analytics: false, "social-media": false }, services: { ads: true } });
});

test("anything but true refuses", () => {
  const odd = { analytics: 1, heat: "yes" } as unknown as Record<string, boolean>;
  assert.deepEqual(merge(notice, granting([]), odd), {
    choices: { analytics: false, "social-media": false },
    services: { heat: false },
  });
});

test("a declared name covers itself, and with a star what begins with it", () => {
  const [, analytics] = notice.categories;
  const [plain, star] = analytics?.cookies ?? [];
  assert.ok(plain && star);
  assert.deepEqual([covers(plain, "_s"), covers(plain, "_s2")], [true, false]);
  assert.deepEqual([covers(star, "_h"), covers(star, "_hjid"), covers(star, "x_h")], [true, true, false]);
});

test("what stands on the prototype of all objects was said by nobody", () => {
  const all = Object.prototype as unknown as Record<string, boolean | undefined>;
  all.heat = true;
  all.analytics = true;
  try {
    assert.deepEqual(merge(notice, granting([]), { "social-media": true }).choices, {
      analytics: false,
      "social-media": true,
    });
    assert.equal(isGranted(notice, granting([]), "heat"), false);
  } finally {
    delete all.heat;
    delete all.analytics;
  }
});
