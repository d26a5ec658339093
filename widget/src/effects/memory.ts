/** Keeps decisions: the consent cookie, and receipts and unsent decisions in localStorage. */
import { decode, NAME, type Values, valuesIn, write } from "../core/cookie";
import { covers } from "../core/rules";
import type { Accessor, Answer, Body, Entry, Envelope, Jar, Mailbox, Receipt, State } from "../core/types";

const { parse, stringify } = JSON;
const { isArray } = Array;

// An element named `cookie` shadows `document.cookie`; the prototype's own accessor it cannot.
const { get, set } = Object.getOwnPropertyDescriptor(Document.prototype, "cookie") as Accessor;

export const jar: Jar = {
  read: () => get.call(document),
  write: (line) => set.call(document, line),
};

const unsaved: Record<string, unknown> = {};

/** Reads an item, or writes it first where `next` is given. Without localStorage it lives in the page. */
function item(key: string, next?: unknown): unknown {
  if (next !== undefined) unsaved[key] = next;
  try {
    if (unsaved[key]) localStorage.setItem(key, stringify(unsaved[key]));
    else if (key in unsaved) localStorage.removeItem(key);
    delete unsaved[key];
    return parse(localStorage.getItem(key) as string);
  } catch {
    return unsaved[key];
  }
}

/**
 * The values of the consent cookies, asked of the cookie store: the first read of `document.cookie` keeps
 * a page waiting for another process. Nothing where the browser has no such store.
 */
export async function look(): Promise<Values | undefined> {
  try {
    return new Set((await cookieStore.getAll(NAME)).map(({ value }) => value));
  } catch {} // it has none, or keeps it from the page
  return;
}

/** What this browser remembers; nothing where the visitor has to be asked. */
export function recall(envelope: Envelope, found?: Values): State | undefined {
  try {
    return decode(found ?? valuesIn(jar.read()), envelope, Date.now() / 1000);
  } catch {} // the browser keeps its cookies from the page
  return;
}

/** Writes the consent cookie. */
export function remember(envelope: Envelope, state: State): void {
  jar.write(write(envelope, state, location.hostname, location.protocol === "https:"));
}

/** Whether there are several consent cookies: one left by another domain or path contradicts ours. */
export function isDoubled(): boolean {
  return valuesIn(jar.read()).size > 1;
}

/** Whether a declared entry may be stored here; of databases that is not known at once. */
export function holds(entry: Entry): boolean {
  const { storage } = entry;
  if (storage === "indexed_db") return true;
  try {
    const names =
      storage === "cookie"
        ? jar.read().split(/=[^;]*;? ?/)
        : Object.keys(storage === "local_storage" ? localStorage : sessionStorage);
    for (const found of names) if (covers(entry, found)) return true;
  } catch {} // the browser keeps this storage from the page
  return false;
}

function receipt(next?: Receipt | null): Receipt | null {
  const found = item("consent.receipt", next) as Receipt | undefined;
  return typeof found?.id === "string" && typeof found.token === "string" ? found : null;
}

function pending(next?: readonly Body[]): readonly Body[] {
  const found = item("consent.pending", next && (next.length ? next : null));
  const bodies: Body[] = [];
  if (isArray(found))
    for (const body of found) if (typeof body?.decision === "string") bodies[bodies.length] = body;
  return bodies;
}

function settle<A extends Answer>(body: Body, answer: A): A {
  if (!receipt({ ...answer, choices: body.choices })) throw answer;
  const rest: Body[] = [];
  for (const other of pending()) if (other.decision !== body.decision) rest[rest.length] = other;
  pending(rest);
  return answer;
}

export const mailbox: Mailbox = {
  receipt,
  pending,
  add: (body) => pending([...pending(), body]).length,
  settle,
};
