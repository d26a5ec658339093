import { erasures } from "../core/erasures";
import { covers, isAllowed } from "../core/rules";
import type { Cookie, Jar, Notice, State, Trace } from "../core/types";

/** A row that may not be stored, and the rows of the same kind that may. */
interface Refused {
  readonly cookie: Cookie;
  readonly kept: readonly Cookie[];
}

const { setTimeout } = window;
const LOOKS = [1_000, 5_000, 20_000]; // milliseconds: what still runs in the page writes again
const PATIENCE = 1_000; // milliseconds

/**
 * Deletes everything stored here that the state does not grant, as far as a script can, and says what
 * it found. A name that something granted declares too is left alone. It looks again a few times,
 * as long as the state still holds.
 */
export async function sweep(notice: Notice, state: State, jar: Jar, still: () => boolean): Promise<Trace[]> {
  const rows = refusedRows(notice, state);
  const traces = clear(rows, jar);
  for (const wait of LOOKS)
    setTimeout(() => {
      if (still()) clear(rows, jar);
    }, wait);
  for (const row of rows) if (row.cookie.storage === "indexed_db") traces.push(...(await drop(row)));
  return traces;
}

/** Whether something that a row declares is on this device now, as far as a script can see. */
export async function isStored(cookie: Cookie, jar: Jar): Promise<boolean> {
  const row = { cookie, kept: [] };
  const names = cookie.storage === "indexed_db" ? await databases(row) : entries(row, jar);
  return names.length > 0;
}

function refusedRows({ categories }: Notice, state: State): Refused[] {
  const kept: Cookie[] = [];
  const refused: Cookie[] = [];
  for (const category of categories)
    for (const cookie of category.cookies)
      (isAllowed(state, category, cookie.service) ? kept : refused).push(cookie);
  return refused.map((cookie) => ({
    cookie,
    kept: kept.filter(({ storage }) => storage === cookie.storage),
  }));
}

/** Cookies and web storage, which are gone at once. */
function clear(rows: readonly Refused[], jar: Jar): Trace[] {
  const traces: Trace[] = [];
  for (const row of rows) {
    const { cookie } = row;
    if (cookie.storage === "indexed_db") continue;
    const found = entries(row, jar);
    for (const name of found) remove(cookie, name, jar);
    const rest = found.length ? entries(row, jar) : found;
    for (const name of found) traces.push({ cookie, name, gone: !rest.includes(name) });
  }
  return traces;
}

function entries(row: Refused, jar: Jar): string[] {
  try {
    return row.cookie.storage === "cookie" ? cookieNames(row, jar) : mine(Object.keys(area(row.cookie)), row);
  } catch {
    return []; // the browser keeps this storage from the page
  }
}

function cookieNames(row: Refused, jar: Jar): string[] {
  const names = jar
    .read()
    .split("; ")
    .map((pair) => pair.split("=")[0] as string);
  return mine([...new Set(names)], row);
}

function mine(names: readonly string[], { cookie, kept }: Refused): string[] {
  return names.filter((name) => covers(cookie, name) && !kept.some((other) => covers(other, name)));
}

function area({ storage }: Cookie): Storage {
  return storage === "local_storage" ? localStorage : sessionStorage;
}

function remove(cookie: Cookie, name: string, jar: Jar): void {
  if (cookie.storage !== "cookie") area(cookie).removeItem(name);
  else
    for (const line of erasures(name, location.hostname, [location.pathname, cookie.path])) jar.write(line);
}

async function drop(row: Refused): Promise<Trace[]> {
  const found = await databases(row);
  return Promise.all(found.map(async (name) => ({ cookie: row.cookie, name, gone: await dropOne(name) })));
}

/** A database that another tab has open is deleted when that lets go: until then it is not gone. */
function dropOne(name: string): Promise<boolean> {
  const request = indexedDB.deleteDatabase(name);
  const gone = new Promise<boolean>((done) => {
    request.onsuccess = () => done(true);
    request.onerror = request.onblocked = () => done(false);
  });
  return soon(gone, false);
}

async function databases(row: Refused): Promise<string[]> {
  try {
    const all = await soon(indexedDB.databases(), []);
    return mine(
      all.map(({ name = "" }) => name),
      row,
    );
  } catch {
    return []; // the browser keeps databases from the page, or does not list them
  }
}

/** What is asked of databases waits, without a word, while one of them waits for another tab. */
function soon<T>(asked: Promise<T>, otherwise: T): Promise<T> {
  return Promise.race([asked, new Promise<T>((done) => setTimeout(() => done(otherwise), PATIENCE))]);
}
