// Checks one receipt in the auditor's own browser, from the formats alone: JWS with ES256 (RFC 7515, 7518),
// inclusion in the log's Merkle tree (RFC 6962, 9162), and the checkpoint, a signed note (c2sp.org).
// The server gives keys, notice and proof; nothing that it says about their validity is believed.

const RECEIPT = "consent-receipt+jws";
const encoder = new TextEncoder();
const evidence = document.getElementById("evidence").dataset;
const verdict = document.getElementById("verdict");
const button = document.getElementById("check");

/** What makes a step fail: its message says what is wrong. */
class Wrong extends Error {}

/** What keeps a step from being taken here, and proves nothing. */
class NotHere extends Error {}

function demand(holds, message) {
  if (!holds) throw new Wrong(message);
}

const sha256 = async (...parts) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer()));
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const same = (one, other) => one.length === other.length && one.every((byte, place) => byte === other[place]);
const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
const base64url = (bytes) => base64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** Decode base64 in its one canonical form, so that one value is one text. */
function fromBase64(text) {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    throw new Wrong("A part is not base64.");
  }
  demand(base64(bytes) === text, "A part is not base64 in its one canonical form.");
  return bytes;
}

function fromBase64url(text) {
  demand(/^[A-Za-z0-9_-]+$/.test(text), "A part of the receipt is not base64url.");
  const padded = text.replace(/-/g, "+").replace(/_/g, "/") + "===".slice((text.length + 3) % 4);
  return fromBase64(padded);
}

function parseJson(bytes, what) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Wrong(`The ${what} is not JSON.`);
  }
}

async function fetched(path) {
  const answer = await fetch(path, { credentials: "omit", cache: "no-store" }).catch(() => null);
  if (answer === null) throw new NotHere("The server cannot be reached.");
  if (answer.status === 404 && path.endsWith("/proof")) {
    throw new NotHere("It waits to be sealed. Verify again in some seconds.");
  }
  demand(answer.ok, `The server does not give ${path} (HTTP ${answer.status}).`);
  return new Uint8Array(await answer.arrayBuffer());
}

function parseJws() {
  const parts = evidence.jws.split(".");
  demand(parts.length === 3, "A receipt has three parts separated by dots.");
  const [header, payload, signature] = parts.map(fromBase64url);
  return {
    header: parseJson(header, "header"),
    payload: parseJson(payload, "payload"),
    signed: encoder.encode(`${parts[0]}.${parts[1]}`),
    signature,
  };
}

// The order of P-256. Of a signature's two forms only the one with the lower s counts.
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

async function checkSignature() {
  const { header, signed, signature } = parseJws();
  demand(header.alg === "ES256" && header.typ === RECEIPT, `The header does not say ES256 and ${RECEIPT}.`);
  demand(Object.keys(header).length === 3, "The header has members that a receipt's header does not have.");
  const { keys } = parseJson(await fetched("/.well-known/jwks.json"), "set of keys");
  const jwk = keys.find((key) => key.kid === header.kid);
  demand(jwk, `The key ${header.kid} is not among the published keys.`);
  const { crv, kty, x, y } = jwk;
  demand(
    base64url(await sha256(JSON.stringify({ crv, kty, x, y }))) === jwk.kid,
    "The key's id is not its thumbprint (RFC 7638).",
  );
  demand(signature.length === 64, "An ES256 signature has 64 bytes.");
  demand(BigInt(`0x${hex(signature.slice(32))}`) <= ORDER / 2n, "The signature is the higher of its two forms.");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("jwk", { crv, kty, x, y }, algorithm, false, ["verify"]);
  demand(await crypto.subtle.verify(algorithm, key, signature, signed), "The signature does not match.");
  return `ES256, under the key ${jwk.kid}.`;
}

async function checkContent() {
  const { payload } = parseJws();
  demand(payload.schema === "consent-receipt/1", "The receipt's schema is not consent-receipt/1.");
  demand(payload.id === evidence.id, `It is the receipt ${payload.id}.`);
  demand(payload.site === evidence.site, `It is a receipt of the site ${payload.site}.`);
  return "Its number and its site agree.";
}

async function checkNotice() {
  const named = parseJws().payload.notice?.sha256;
  demand(/^[0-9a-f]{64}$/.test(named), "The receipt names no notice.");
  const found = hex(await sha256(await fetched(`/v1/${evidence.site}/notices/${named}.json`)));
  demand(found === named, `The notice has the SHA-256 ${found}, and the receipt names ${named}.`);
  return "Its SHA-256 is the one in the receipt.";
}

async function checkPrevious() {
  const named = parseJws().payload.previous?.sha256;
  const found = hex(await sha256(evidence.previous));
  demand(found === named, "The receipt before it is not the one that it names: its SHA-256 differs.");
  return "Its SHA-256 is the one in this receipt.";
}

/** Climb from a leaf to the root (RFC 9162, section 2.1.3.2). */
async function climb(leaf, index, size, hashes) {
  let hash = leaf;
  let node = index;
  let last = size - 1n;
  for (const sibling of hashes) {
    demand(last > 0n, "The proof is longer than the tree is high.");
    if (node & 1n || node === last) {
      hash = await sha256(Uint8Array.of(1), sibling, hash);
      while (node && !(node & 1n)) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      hash = await sha256(Uint8Array.of(1), hash, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  demand(last === 0n, "The proof is shorter than the tree is high.");
  return hash;
}

/** Take a signed note apart: its text, the lines that sign it, and the checkpoint in the text. */
function parseCheckpoint(note) {
  const split = note.lastIndexOf("\n\n");
  demand(split > 0 && note.endsWith("\n"), "The checkpoint is not a signed note.");
  const text = note.slice(0, split + 1);
  const [origin, size, root] = text.split("\n");
  demand(/^(0|[1-9][0-9]{0,18})$/.test(size), "The checkpoint's tree size is not a number.");
  const lines = note.slice(split + 2, -1).split("\n");
  return { text, origin, size: BigInt(size), root: fromBase64(root), lines };
}

let proof = null;

async function checkInclusion() {
  proof = parseJson(await fetched(`/v1/${evidence.site}/receipts/${evidence.id}/proof`), "proof");
  const checkpoint = parseCheckpoint(proof.checkpoint);
  const size = BigInt(proof.tree_size);
  const index = BigInt(proof.index);
  demand(checkpoint.size === size, "The proof is for another tree size than its checkpoint.");
  demand(0n <= index && index < size, "The index is outside the tree.");
  const leaf = evidence.jws
    ? await sha256(Uint8Array.of(0), encoder.encode(evidence.jws))
    : fromBase64(evidence.leafHash);
  const root = await climb(leaf, index, size, proof.hashes.map(fromBase64));
  demand(same(root, checkpoint.root), "The proof leads to another root: this receipt is not in the log.");
  return `Place ${index} of ${size}; the root is that of the checkpoint.`;
}

async function ed25519(key) {
  try {
    return await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    throw new NotHere("This browser has no Ed25519. Check the checkpoint with openssl or consent-server verify.");
  }
}

async function checkCheckpoint() {
  if (proof === null) throw new NotHere("There is no proof to take it from.");
  const { text, origin, lines } = parseCheckpoint(proof.checkpoint);
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(evidence.logKey) ?? [];
  demand(name, "The log's key cannot be read.");
  demand(name === origin, `The checkpoint is of the log ${origin}, and the key of ${name}.`);
  const typed = fromBase64(encoded);
  const computed = (await sha256(encoder.encode(`${name}\n`), typed)).slice(0, 4);
  demand(typed[0] === 1 && hex(computed) === id, "The log key's id does not fit its name and key.");
  const own = lines.filter((line) => line.startsWith(`— ${name} `)).map((line) => fromBase64(line.split(" ")[2]));
  const stamp = own.find((bytes) => same(bytes.slice(0, 4), computed));
  demand(stamp, "The log itself did not sign the checkpoint.");
  const key = await ed25519(typed.slice(1));
  const holds = await crypto.subtle.verify({ name: "Ed25519" }, key, stamp.slice(4), encoder.encode(text));
  demand(holds, "The checkpoint's signature does not match.");
  return `Ed25519, under the log key with the id ${id}.`;
}

const CHECKS = {
  signature: checkSignature,
  content: checkContent,
  notice: checkNotice,
  previous: checkPrevious,
  inclusion: checkInclusion,
  checkpoint: checkCheckpoint,
};

/** Take one step and say how it ended: "passed", "failed" or "skipped". */
async function take(item) {
  const [outcome, reason] = await CHECKS[item.dataset.step]().then(
    (said) => ["passed", said],
    (error) => {
      if (error instanceof NotHere) return ["skipped", error.message];
      return ["failed", error instanceof Wrong ? error.message : "What the server gave has another form."];
    },
  );
  const words = { passed: "Passed.", failed: "Failed.", skipped: "Not checked." };
  item.className = outcome;
  item.querySelector(".verdict").textContent = words[outcome];
  item.querySelector(".reason").textContent = reason;
  return outcome;
}

async function verify() {
  button.disabled = true;
  verdict.className = "";
  verdict.textContent = "Checking …";
  proof = null;
  const outcomes = [];
  for (const item of document.querySelectorAll("[data-step]")) outcomes.push(await take(item));
  const failed = outcomes.filter((outcome) => outcome === "failed").length;
  const skipped = outcomes.filter((outcome) => outcome === "skipped").length;
  verdict.className = failed ? "failed" : skipped ? "" : "passed";
  if (failed) verdict.textContent = `Verification failed: ${failed} of ${outcomes.length} checks do not hold.`;
  else if (skipped) verdict.textContent = `No check failed; ${skipped} of ${outcomes.length} could not be made here.`;
  else verdict.textContent = `Verified: all ${outcomes.length} checks passed.`;
  button.disabled = false;
}

if (globalThis.isSecureContext && crypto.subtle) {
  button.closest("p").hidden = false;
  button.addEventListener("click", verify);
} else {
  verdict.textContent = "A browser has what this needs only on https, or on localhost.";
}
