import type { Payload } from "./types";

const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

interface Jws {
  readonly header: { readonly alg?: string; readonly kid?: string };
  readonly payload: Payload;
  readonly signed: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/** Takes a JWS in compact form apart (RFC 7515); nothing where it is none. */
export function parse(jws: string): Jws | undefined {
  try {
    const [head = "", body = "", signature = ""] = jws.split(".");
    const signed = raw(`${head}.${body}`);
    return { header: read(head), payload: read(body), signed, signature: bytes(signature) };
  } catch {
    return;
  }
}

/**
 * Whether a JWS is signed with ES256 (RFC 7518) by one of these keys (a JWK Set, RFC 7517). Rejects
 * where this cannot be found out, as in a page without https.
 */
export async function verify(
  jws: string,
  { keys }: { readonly keys: readonly JsonWebKey[] },
): Promise<boolean> {
  const parsed = parse(jws);
  const found = keys.find((key) => (key as { kid?: string }).kid === parsed?.header.kid);
  if (parsed?.header.alg !== "ES256" || !found) return false;
  const key = await crypto.subtle.importKey("jwk", found, ES256, false, ["verify"]);
  return crypto.subtle.verify(ES256, key, parsed.signature, parsed.signed);
}

function read<T>(part: string): T {
  return JSON.parse(new TextDecoder().decode(bytes(part))) as T;
}

function bytes(part: string): Uint8Array<ArrayBuffer> {
  return raw(atob(part.replace(/-/g, "+").replace(/_/g, "/")));
}

function raw(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
