import { erasures } from "../core/cookie";
import { covers, isAllowed } from "../core/rules";
import type { Cookie, Jar, Notice, State, Swept } from "../core/types";

/**
 * Deletes everything stored here that the state does not grant, as far as a script can. An entry
 * that something granted declares too is left alone.
 */
export function sweep(notice: Notice, state: State, jar: Jar): Swept {
  const swept = new Map<Cookie, boolean>();
  const kept: Cookie[] = [];
  const refused: Cookie[] = [];
  for (const category of notice.categories)
    for (const cookie of category.cookies) {
      const list = isAllowed(state, category, cookie.service) ? kept : refused;
      list[list.length] = cookie;
    }
  for (const cookie of refused) {
    const spared = (name: string): boolean => {
      for (const other of kept) if (other.storage === cookie.storage && covers(other, name)) return true;
      return false;
    };
    try {
      sweepOne(cookie, spared, jar, swept);
    } catch {
      swept.set(cookie, false); // the browser keeps this storage from the page
    }
  }
  return swept;
}

function sweepOne(
  cookie: Cookie,
  spared: (name: string) => boolean,
  jar: Jar,
  swept: Map<Cookie, boolean>,
): void {
  if (cookie.storage === "indexed_db") {
    // Names are only told asynchronously; deleting what does not exist does nothing.
    if (!cookie.name.endsWith("*")) indexedDB.deleteDatabase(cookie.name);
    else
      void indexedDB.databases?.().then((all) => {
        for (const { name } of all) if (name && covers(cookie, name)) indexedDB.deleteDatabase(name);
      });
    return;
  }
  const names = (): string[] => {
    const found: string[] = [];
    for (const name of stored(cookie, jar))
      if (covers(cookie, name) && !spared(name)) found[found.length] = name;
    return found;
  };
  const before = names();
  for (const name of before) remove(cookie, name, jar);
  if (before.length) swept.set(cookie, !names().length);
}

function area(cookie: Cookie): Storage {
  return cookie.storage === "local_storage" ? localStorage : sessionStorage;
}

function stored(cookie: Cookie, jar: Jar): string[] {
  if (cookie.storage !== "cookie") return Object.keys(area(cookie));
  const names: string[] = [];
  for (const pair of jar.read().split("; ")) names[names.length] = pair.split("=")[0] as string;
  return names;
}

function remove(cookie: Cookie, name: string, jar: Jar): void {
  if (cookie.storage !== "cookie") area(cookie).removeItem(name);
  else
    for (const line of erasures(name, location.hostname, [location.pathname, cookie.path])) jar.write(line);
}
