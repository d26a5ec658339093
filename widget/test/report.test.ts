import assert from "node:assert/strict";
import { test } from "node:test";
import { narrows, outcomeOf } from "../src/core/report";
import type { Deletion, Left } from "../src/core/types";
import { granting, notice } from "./notice";

const everything = granting(["analytics", "social-media"]);
const nothing = granting([]);
const withdrawn = { notice, before: everything, after: nothing };
const [, analytics] = notice.categories;
const [s, h] = analytics?.cookies ?? [];
assert.ok(s && h);

function names(left: readonly Left[]): string[] {
  return left.map(({ name }) => name);
}

function expired(name: string): Deletion {
  return { name, category: "analytics", service: "site", outcome: "expired" };
}

test("what a script deleted and could not delete is told by its real name", () => {
  const { deleted, left } = outcomeOf(withdrawn, [
    { name: "_s", cookie: s, gone: true },
    { name: "_h42", cookie: h, gone: false },
  ]);
  assert.deepEqual(deleted, ["_s"]);
  assert.deepEqual(names(left), ["_h42", "seen"]);
});

test("the server deleted what the browser sent once and then no more", () => {
  const { expired: gone, left } = outcomeOf(withdrawn, [], [expired("seen")], []);
  assert.deepEqual([gone, left], [["seen"], []]);
});

const unconfirmed: [what: string, asked: Deletion[] | undefined, again: Deletion[] | undefined][] = [
  ["is still sent", [expired("seen")], [expired("seen")]],
  ["was not asked about again", [expired("seen")], undefined],
  ["never reached the server", [{ ...expired("seen"), outcome: "host_only" }], undefined],
  ["is all unknown without an answer", undefined, undefined],
];
for (const [what, asked, again] of unconfirmed)
  test(`a cookie that only a server can delete is left where it ${what}`, () => {
    const { expired: gone, left } = outcomeOf(withdrawn, [], asked, again);
    assert.deepEqual([gone, names(left)], [[], ["seen"]]);
  });

test("what stays granted, or was never granted, is not reported", () => {
  const kept = { notice, before: granting(["social-media"]), after: granting(["social-media"]) };
  const { left, providers } = outcomeOf(kept, []);
  assert.deepEqual([left, providers], [[], []]);
});

test("every third party that lost its permission is named, once", () => {
  const { providers } = outcomeOf(withdrawn, []);
  assert.deepEqual(
    providers.map(({ id }) => id),
    ["stats", "heat", "ads"],
  );
});

test("a third party that may still store something elsewhere is not named", () => {
  const { providers } = outcomeOf({ ...withdrawn, after: granting(["social-media"]) }, []);
  assert.deepEqual(
    providers.map(({ id }) => id),
    ["heat"],
  );
});

const moves: [from: string[], to: string[], services: Record<string, boolean>, back: boolean][] = [
  [[], [], {}, false],
  [[], ["analytics"], {}, false],
  [["analytics"], ["analytics", "social-media"], {}, false],
  [["analytics"], ["social-media"], {}, true],
  [["analytics"], ["analytics"], { heat: false }, true],
];
for (const [from, to, services, back] of moves)
  test(`from [${from}] to [${to}] ${JSON.stringify(services)} ${back ? "takes" : "takes nothing"} back`, () => {
    const after = granting(to, services);
    assert.equal(narrows({ notice, before: granting(from), after }), back);
  });
