import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, verify } from "../src/core/verify";

const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

function part(content: string | ArrayBuffer): string {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);
  return Buffer.from(bytes).toString("base64url");
}

async function signed(header: object, payload: object) {
  const pair = await crypto.subtle.generateKey(ES256, true, ["sign", "verify"]);
  const jwk = { ...(await crypto.subtle.exportKey("jwk", pair.publicKey)), kid: "first" };
  const input = `${part(JSON.stringify(header))}.${part(JSON.stringify(payload))}`;
  const signature = await crypto.subtle.sign(ES256, pair.privateKey, new TextEncoder().encode(input));
  return { jws: `${input}.${part(signature)}`, jwk };
}

const HEADER = { alg: "ES256", typ: "consent-receipt+jws", kid: "first" };
const PAYLOAD = { id: "1", controller: { name: "Parduotuvė" } };

test("a receipt verifies under the key that it names, among others", async () => {
  const { jws, jwk } = await signed(HEADER, PAYLOAD);
  const other = (await signed(HEADER, PAYLOAD)).jwk;
  assert.equal(await verify(jws, { keys: [{ ...other, kid: "other" } as JsonWebKey, jwk] }), true);
  assert.deepEqual(parse(jws)?.payload, PAYLOAD);
});

test("a receipt whose content was changed does not verify", async () => {
  const { jws, jwk } = await signed(HEADER, PAYLOAD);
  const [head, , signature] = jws.split(".");
  const changed = [head, part(JSON.stringify({ ...PAYLOAD, id: "2" })), signature].join(".");
  assert.equal(await verify(changed, { keys: [jwk] }), false);
});

test("a receipt under another key of the same name does not verify", async () => {
  const { jws } = await signed(HEADER, PAYLOAD);
  const { jwk } = await signed(HEADER, PAYLOAD);
  assert.equal(await verify(jws, { keys: [jwk] }), false);
});

for (const [what, header] of [
  ["names no published key", { ...HEADER, kid: "second" }],
  ["says that it is not signed", { ...HEADER, alg: "none" }],
] as const)
  test(`a receipt that ${what} does not verify`, async () => {
    const { jws, jwk } = await signed(header, PAYLOAD);
    assert.equal(await verify(jws, { keys: [jwk] }), false);
  });

for (const nonsense of ["", "a.b.c", "a", "e30.e30", "e30.e30.!"])
  test(`“${nonsense}” is no receipt`, async () => {
    assert.equal(await verify(nonsense, { keys: [] }), false);
  });
