import type { Category, Choices, Cookie, Notice, State } from "./types";

/** The categories a visitor is asked about. */
export function optional(notice: Notice): Category[] {
  const found: Category[] = [];
  for (const category of notice.categories) if (!category.required) found[found.length] = category;
  return found;
}

/** One answer for every optional category. */
export function answer(notice: Notice, says: (id: string) => boolean): Choices {
  const choices: Record<string, boolean> = {};
  for (const { id } of optional(notice)) choices[id] = says(id);
  return choices;
}

/** Whether a cookie of this category and service may be stored; a service chosen by itself wins. */
export function isAllowed(state: State, category: Category, service: string): boolean {
  return category.required || (state.services[service] ?? state.choices[category.id]) === true;
}

/**
 * Whether what is marked with this id may run: a category, or a service that is granted in every
 * category where it stores something. An id that the notice does not know is never granted.
 */
export function isGranted(notice: Notice, state: State, id: string): boolean {
  let granted = false;
  for (const category of notice.categories) {
    if (category.id === id) return category.required || state.choices[id] === true;
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
export function merge(notice: Notice, state: State, said: Choices): Pick<State, "choices" | "services"> {
  const services: Record<string, boolean> = {};
  for (const category of optional(notice))
    for (const { service } of category.cookies) {
      const kept = said[category.id] === undefined ? state.services[service] : undefined;
      const says = said[service] ?? kept;
      if (says !== undefined) services[service] = says === true;
    }
  return { choices: answer(notice, (id) => (said[id] ?? state.choices[id]) === true), services };
}

/** Whether a declared name, which may end in `*`, covers a stored one. */
export function covers(cookie: Cookie, name: string): boolean {
  const { name: declared } = cookie;
  return declared.endsWith("*") ? name.startsWith(declared.slice(0, -1)) : name === declared;
}
