import type { Choices, Entry, Excerpt, Group, State } from "./types";

/** As it was at the start; a page may replace it later. */
export const { entries } = Object;

/** The categories a visitor is asked about. */
export function optional<G extends Group>(notice: { readonly categories: readonly G[] }): G[] {
  const found: G[] = [];
  for (const category of notice.categories) if (!category.required) found[found.length] = category;
  return found;
}

/** One answer for every optional category. */
export function answer(notice: Excerpt, says: (id: string) => boolean): Choices {
  const choices: Record<string, boolean> = {};
  for (const { id } of optional(notice)) choices[id] = says(id);
  return choices;
}

/** Whether a cookie of this category and service may be stored; a service chosen by itself wins. */
export function isAllowed(state: State, category: Group, service: string): boolean {
  // A page may have put ids on the prototype of all objects.
  const { [service]: single }: Choices = { __proto__: null, ...state.services } as object as Choices;
  return category.required || (single ?? state.choices[category.id]) === true;
}

/**
 * Whether what is marked with this id may run: a category, or a service that is granted in every
 * category where it stores something. An id that the notice does not know is never granted.
 */
export function isGranted(notice: Excerpt, state: State, id: string): boolean {
  let granted = false;
  for (const category of notice.categories) {
    if (category.id === id) return isAllowed(state, category, "");
    for (const { service } of category.cookies) {
      if (service !== id) continue;
      if (!isAllowed(state, category, id)) return false;
      granted = true;
    }
  }
  return granted;
}

/**
 * What was said by script or by a frame's button: ids of categories and services together. What it
 * leaves out stays as it is, but naming a category undoes earlier answers for its single services.
 */
export function merge(notice: Excerpt, state: State, given: Choices): Pick<State, "choices" | "services"> {
  // Only its own ids: those on the prototype of all objects are nobody's word.
  const said = { __proto__: null, ...given } as object as Choices;
  const services = { ...state.services };
  for (const { id, cookies } of optional(notice))
    for (const { service } of cookies) {
      if (said[id] !== undefined) delete services[service];
      if (said[service] !== undefined) services[service] = said[service] === true;
    }
  return { choices: answer(notice, (id) => (said[id] ?? state.choices[id]) === true), services };
}

/** Whether a declared name, which may end in `*`, covers a stored one. */
export function covers(cookie: Entry, name: string): boolean {
  const { name: declared } = cookie;
  return declared.endsWith("*") ? name.startsWith(declared.slice(0, -1)) : name === declared;
}
