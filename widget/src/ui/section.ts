import type { Category, Cookie, Notice, Preferences, Service } from "../core/types";
import { element } from "./dom";
import { cookieTable, serviceLine, serviceLinks } from "./table";

/** For each category its own switch, then those of its services. */
export type Switches = Map<string, readonly HTMLInputElement[]>;

/** One category: what it is for, its switch, and every cookie by who sets it. */
export function categorySection(category: Category, given: Preferences, switches: Switches): HTMLElement {
  const { notice, state } = given;
  const { id, title, text, required, justification } = category;
  const name = element("h3", {}, title);
  const head = required
    ? element("div", { class: "h" }, name, element("span", { class: "o" }, notice.texts.always_on))
    : element("label", { class: "h" }, name, addSwitch(id, id, state.choices[id] === true, switches));
  return element(
    "section",
    {},
    head,
    element("p", {}, text),
    justification && element("p", {}, justification),
    cookieDetails(category, given, switches),
  );
}

function cookieDetails(category: Category, { notice, state }: Preferences, switches: Switches) {
  const { id, cookies } = category;
  const summary = element("summary", {}, `${notice.texts.cookies_shown} (${cookies.length})`);
  const details = element("details", {}, summary);
  const single = choosable(category, notice);
  for (const [service, rows] of byService(category, notice)) {
    const line = serviceLine(service, notice);
    const on = (state.services[service.id] ?? state.choices[id]) === true;
    const links = serviceLinks(service, notice);
    const table = cookieTable(service, rows, notice);
    details.append(
      single.has(service)
        ? element("label", { class: "h" }, line, addSwitch(id, service.id, on, switches))
        : line,
      ...(links ? [links, table] : [table]),
    );
  }
  return cookies.length > 0 && details;
}

function byService(category: Category, notice: Notice): Map<Service, Cookie[]> {
  const rows = new Map<Service, Cookie[]>();
  for (const service of notice.services)
    for (const cookie of category.cookies)
      if (cookie.service === service.id) rows.set(service, [...(rows.get(service) ?? []), cookie]);
  return rows;
}

/** Third parties that can be switched one by one: where a category has several, each only there. */
function choosable(category: Category, notice: Notice): Set<Service> {
  const found = new Set<Service>();
  if (category.required) return found;
  for (const [service] of byService(category, notice)) {
    let homes = 0;
    for (const other of notice.categories) if (byService(other, notice).has(service)) homes++;
    if (service.third_party && homes === 1) found.add(service);
  }
  if (found.size < 2) found.clear();
  return found;
}

/** Adds a switch: its services follow a category, and one service that is on turns its category on. */
function addSwitch(category: string, name: string, on: boolean, switches: Switches): HTMLInputElement {
  const box = element("input", { type: "checkbox", role: "switch", name });
  box.checked = on;
  switches.set(category, [...(switches.get(category) ?? []), box]);
  box.addEventListener("change", () => {
    const [own, ...single] = switches.get(category) ?? [];
    let any = false;
    for (const other of single) {
      if (box === own) other.checked = box.checked;
      any ||= other.checked;
    }
    if (own && box !== own) own.checked = any;
  });
  return box;
}
