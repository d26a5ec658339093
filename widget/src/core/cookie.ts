import { answer, entries } from "./rules";
import type { Envelope, Excerpt, State } from "./types";

/** The consent cookie's name. */
export const NAME = "consent";

/** The consent cookie's value: `1.<revision>.<unix time>.<categories>[.<service>=0|1 …]`. */
export function encode(revision: string, state: State): string {
  let granted = "";
  for (const [id, on] of entries(state.choices)) if (on) granted += (granted && "-") + id;
  let services = "";
  for (const [id, on] of entries(state.services)) services += `.${id}=${on ? 1 : 0}`;
  return `1.${revision.slice(0, 8)}.${state.time}.${granted}${services}`;
}

/** The values of the consent cookies that a page can see, each once. */
export type Values = ReadonlySet<string | undefined>;

/**
 * The state that these values remember, or nothing where the visitor has to be asked: no cookie,
 * several that differ, a damaged one, another revision, a time that has passed or has yet to come.
 * `now` in Unix seconds. Known ids are looked up, since an id may hold a hyphen and the order is free;
 * whatever else the value holds makes it longer than what was read.
 */
export function decode(found: Values, { notice, revision }: Envelope, now: number): State | undefined {
  const [value, ...others] = found;
  if (!value) return;
  const [version, asked, at, granted] = value.split(".");
  const state = {
    choices: answer(notice, (id) => `-${granted}-`.includes(`-${id}-`)),
    services: readServices(notice, `${value}.`),
    time: Number(at),
  };
  const read = encode(revision, state);
  const same =
    !others.length && value.length === read.length && read.startsWith(`${version}.${asked}.${at}.`);
  return same && state.time <= now && now - state.time < notice.ask_again_after ? state : undefined;
}

/** The values of the consent cookies in `document.cookie`, each once. */
export function valuesIn(jar: string): Values {
  const found = new Set<string | undefined>();
  const [, ...rests] = `; ${jar}`.split(`; ${NAME}=`);
  for (const rest of rests) found.add(rest.split(";")[0]);
  return found;
}

function readServices({ categories }: Excerpt, value: string): State["services"] {
  const services: Record<string, boolean> = {};
  for (const { cookies } of categories)
    for (const { service } of cookies)
      for (const on of [0, 1]) if (value.includes(`.${service}=${on}.`)) services[service] = !!on;
  return services;
}

/**
 * The line that `document.cookie` is given to remember a state: for the declared domain where this
 * host lies in it, else for the host alone.
 */
export function write({ notice, revision }: Envelope, state: State, host: string, https: boolean): string {
  const { ask_again_after, cookie_domain: domain } = notice;
  const attributes = `; Path=/; Max-Age=${ask_again_after}; SameSite=Lax${https ? "; Secure" : ""}`;
  const within = domain && `.${host}`.endsWith(`.${domain}`) ? `; Domain=${domain}` : "";
  return `${NAME}=${encode(revision, state)}${attributes}${within}`;
}
