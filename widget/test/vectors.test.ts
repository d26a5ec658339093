/** The vectors that servers are held to as well (tests/test_cookie.py, tests/test_languages.py). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decode, valuesIn } from "../src/core/cookie";
import { betterLanguage } from "../src/core/language";
import { answer, isGranted } from "../src/core/rules";
import { envelope, notice } from "./notice";

interface Vectors {
  readonly revision: string;
  readonly now: number;
  readonly ask_again_after: number;
  readonly categories: Readonly<Record<string, { required: boolean; services: string[] }>>;
  readonly ids: readonly string[];
  readonly cases: readonly { what: string; jar: string; granted: string[] | null }[];
}

const vectors: Vectors = JSON.parse(readFileSync("../tests/vectors/consent_cookie.json", "utf-8"));
const [like] = notice.categories.flatMap(({ cookies }) => cookies);
assert.ok(like);
const categories = Object.entries(vectors.categories).map(([id, { required, services }]) => ({
  ...{ id, required, title: id, text: "", consent_mode: [] },
  cookies: services.map((service) => ({ ...like, service })),
}));
const asking = { ...notice, categories, ask_again_after: vectors.ask_again_after };

for (const { what, jar, granted } of vectors.cases)
  test(`a server and the widget agree on ${what}`, () => {
    const found = decode(
      valuesIn(jar),
      { ...envelope, revision: vectors.revision, notice: asking },
      vectors.now,
    );
    assert.equal(found === undefined, granted === null);
    const state = found ?? { choices: answer(asking, () => false), services: {}, time: 0 };
    assert.deepEqual(
      vectors.ids.filter((id) => isGranted(asking, state, id)),
      granted ?? ["necessary"],
    );
  });

interface Languages {
  readonly cases: readonly { wanted: string; spoken: string[]; shown: string }[];
}

const { cases }: Languages = JSON.parse(readFileSync("../tests/vectors/languages.json", "utf-8"));
for (const { wanted, spoken, shown } of cases)
  test(`a server and the widget agree on “${wanted}” of ${spoken}`, () => {
    const [language = ""] = spoken;
    const found = betterLanguage({ ...notice, language, languages: spoken }, undefined, wanted);
    assert.equal(found ?? language, shown);
  });
