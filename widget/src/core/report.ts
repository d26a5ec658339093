import { covers, isAllowed } from "./rules";
import type { Cookie, Deletion, Left, Notice, Outcome, Service, State, Trace } from "./types";

/** What a decision takes back: everything is told from the state before and the state after it. */
export interface Taken {
  readonly notice: Notice;
  readonly before: State;
  readonly after: State;
}

/** Whether anything optional is granted. */
export function grantsAny({ choices, services }: State): boolean {
  return Object.values({ ...choices, ...services }).includes(true);
}

/** Whether a decision refuses something that was granted. */
export function narrows(taken: Taken): boolean {
  return !!takenBack(taken)[0];
}

/**
 * What became of everything that a decision takes back: what this page found and deleted, what the
 * server expired (`asked`) and the browser then sent no more (`again`), and what is left.
 */
export function outcomeOf(
  taken: Taken,
  traces: readonly Trace[],
  asked: readonly Deletion[] = [],
  again?: readonly Deletion[],
): Outcome {
  const deleted = new Set<string>();
  const expired = new Set<string>();
  const left: Left[] = [];
  for (const { name, cookie, gone } of traces)
    if (gone) deleted.add(name);
    else left.push({ name, cookie });
  for (const cookie of takenBack(taken)) {
    if (!cookie.http_only) continue;
    const sent = namesOf(cookie, asked);
    const kept = namesOf(cookie, again ?? asked);
    for (const name of sent)
      if (kept.includes(name)) left.push({ name, cookie });
      else expired.add(name);
    if (!sent.length) left.push({ name: cookie.name, cookie });
  }
  return { deleted: [...deleted], expired: [...expired], left, providers: providers(taken) };
}

function takenBack({ notice, before, after }: Taken): Cookie[] {
  const found: Cookie[] = [];
  for (const category of notice.categories)
    for (const cookie of category.cookies)
      if (isAllowed(before, category, cookie.service) && !isAllowed(after, category, cookie.service))
        found.push(cookie);
  return found;
}

/** The real names under which the server met a row. */
function namesOf(cookie: Cookie, deletions: readonly Deletion[]): string[] {
  return deletions
    .filter(
      ({ name, service, outcome }) =>
        outcome === "expired" && service === cookie.service && covers(cookie, name),
    )
    .map(({ name }) => name);
}

/** Third parties that may do nothing here any more, and could before. */
function providers(taken: Taken): Service[] {
  const { notice, after } = taken;
  const may = (id: string): boolean =>
    notice.categories.some(
      (category) => isAllowed(after, category, id) && category.cookies.some(({ service }) => service === id),
    );
  const lost = takenBack(taken).map(({ service }) => service);
  return notice.services.filter(({ id, third_party }) => third_party && lost.includes(id) && !may(id));
}
