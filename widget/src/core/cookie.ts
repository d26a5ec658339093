import { answer } from "./rules";
import type { Envelope, Notice, State } from "./types";

/** The consent cookie's name. */
export const NAME = "consent";
const LONGEST = 1024; // characters; ours is far shorter
const MOST_SECONDS = 395 * 86400; // browsers cap a cookie's life near this

/** The consent cookie's value: `1.<revision>.<unix time>.<categories>[.<service>=0|1 …]`. */
export function encode(revision: string, state: State): string {
  let granted = "";
  for (const id of Object.keys(state.choices)) if (state.choices[id]) granted += (granted && "-") + id;
  let services = "";
  for (const id of Object.keys(state.services)) services += `.${id}=${state.services[id] ? 1 : 0}`;
  return `1.${revision.slice(0, 8)}.${state.time}.${granted}${services}`;
}

/**
 * The state that `document.cookie` remembers, or nothing where the visitor has to be asked: no cookie,
 * several that differ, a damaged one, another revision, a time that has passed or has yet to come.
 * `now` in Unix seconds.
 */
export function decode(jar: string, { notice, revision }: Envelope, now: number): State | undefined {
  const values = new Set<string>();
  for (const pair of jar.split("; "))
    if (pair.startsWith(`${NAME}=`)) values.add(pair.slice(NAME.length + 1));
  const [value = ""] = values;
  const parts = /^1\.([\da-f]{8})\.(\d{1,12})\.([^.]*)(.*)$/.exec(value);
  if (values.size !== 1 || value.length > LONGEST || !parts) return;
  const [, asked, at, granted = "", rest = ""] = parts;
  const time = Number(at);
  if (asked !== revision.slice(0, 8) || time > now || now - time >= notice.ask_again_after) return;
  const choices = readCategories(notice, granted);
  const services = readServices(notice, rest);
  return choices && services && { choices, services, time };
}

/** An id may itself hold a hyphen, so known ids are looked up and their lengths must add up. */
function readCategories(notice: Notice, granted: string): State["choices"] | undefined {
  let length = 0;
  const has = (id: string): boolean => {
    const found = `-${granted}-`.includes(`-${id}-`);
    if (found) length += id.length + 1;
    return found;
  };
  const choices = answer(notice, has);
  return length === (granted ? granted.length + 1 : 0) ? choices : undefined;
}

function readServices(notice: Notice, rest: string): State["services"] | undefined {
  const services: Record<string, boolean> = {};
  let length = 0;
  let unknown = 0;
  for (const [whole, id = "", flag] of rest.matchAll(/\.([^.=]*)=([01])(?=\.|$)/g)) {
    services[id] = flag === "1";
    length += whole.length;
    unknown++;
  }
  for (const { id } of notice.services) if (services[id] !== undefined) unknown--;
  return length === rest.length && !unknown ? services : undefined;
}

/** The domain to write a cookie for: the declared one where this host lies in it, else the host alone. */
function domainFor(host: string, declared: string | null): string {
  return declared && `.${host}`.endsWith(`.${declared}`) ? `; Domain=${declared}` : "";
}

/** The line that `document.cookie` is given to remember a state. */
export function write(envelope: Envelope, state: State, page: { host: string; https: boolean }): string {
  const { ask_again_after, cookie_domain } = envelope.notice;
  const age = Math.min(ask_again_after, MOST_SECONDS);
  const attributes = `; Path=/; Max-Age=${age}; SameSite=Lax${page.https ? "; Secure" : ""}`;
  return `${NAME}=${encode(envelope.revision, state)}${attributes}${domainFor(page.host, cookie_domain)}`;
}

/**
 * Every line that could expire a cookie of this name: a page sees neither domain nor path of its
 * cookies, so each parent domain and each path above is tried, partitioned or not.
 */
export function erasures(name: string, host: string, paths: readonly string[]): string[] {
  const domains = [""];
  for (let rest = host; rest.includes("."); rest = rest.slice(rest.indexOf(".") + 1))
    domains[domains.length] = `; Domain=${rest}`;
  const lines: string[] = [];
  for (const path of ancestors(paths))
    for (const domain of domains)
      for (const kind of ["", "; Secure", "; Secure; Partitioned"])
        lines[lines.length] = `${name}=; Max-Age=0; Path=${path}${domain}${kind}`;
  return lines;
}

/** Each folder on the way, with and without the slash at its end. */
function ancestors(paths: readonly string[]): Set<string> {
  const found = new Set(["/"]);
  for (const path of paths) {
    let way = "";
    for (const part of path.split("/")) {
      way += part;
      found.add(way || "/");
      way += "/";
      found.add(way);
    }
  }
  return found;
}
