import type { Category, Cookie, Notice, Service, Shown } from "../core/types";
import { element } from "./dom";
import { cookieTable, type Marks, serviceLine, serviceLinks } from "./table";

/** For each category its own switch, then those of its services. */
export type Switches = Map<string, readonly HTMLInputElement[]>;

/** One category: what it is for, its switch, and every cookie by who sets it. */
export function categorySection(category: Category, given: Shown, switches: Switches): HTMLElement {
  const { notice, state } = given;
  const { id, title, text, required, justification } = category;
  const services = byService(category, notice);
  const single = choosable(category, notice);
  const name = element("h3", {}, title);
  const on = state.choices[id] === true;
  const head = required
    ? element("div", { class: "h" }, name, element("span", { class: "o" }, notice.texts.always_on))
    : element("label", { class: "h" }, name, addSwitch(id, id, on, switches, single.size < services.size));
  return element(
    "section",
    {},
    head,
    element("p", {}, text),
    justification && element("p", {}, justification),
    services.size > 0 && cookieDetails(category, given, switches),
  );
}

/** Everything that a category stores; once opened, each row says whether it is on this device now. */
function cookieDetails(
  category: Category,
  { notice, state, isStored }: Shown,
  switches: Switches,
): HTMLElement {
  const { id, cookies } = category;
  const summary = element("summary", {}, `${notice.texts.cookies_shown} (${cookies.length})`);
  const details = element("details", {}, summary);
  const single = choosable(category, notice);
  const marks: Marks = new Map();
  for (const [service, rows] of byService(category, notice)) {
    const line = serviceLine(service, notice);
    const on = (state.services[service.id] ?? state.choices[id]) === true;
    details.append(
      single.has(service)
        ? element("label", { class: "h" }, line, addSwitch(id, service.id, on, switches))
        : line,
    );
    const links = serviceLinks(service, notice);
    if (links) details.append(links);
    details.append(cookieTable(service, rows, notice, marks));
  }
  details.addEventListener("toggle", () => {
    if (details.open)
      for (const [cookie, mark] of marks)
        void isStored(cookie).then((stored) => {
          mark.hidden = !stored;
        });
  });
  return details;
}

function byService(category: Category, notice: Notice): Map<Service, Cookie[]> {
  const rows = new Map<Service, Cookie[]>();
  for (const service of notice.services)
    for (const cookie of category.cookies)
      if (cookie.service === service.id) rows.set(service, [...(rows.get(service) ?? []), cookie]);
  return rows;
}

/**
 * Third parties that can be switched one by one: where a category has several services, each third
 * party that is only there, since an answer for a service holds wherever it stores something.
 */
function choosable(category: Category, notice: Notice): Set<Service> {
  const found = new Set<Service>();
  const services = byService(category, notice);
  if (category.required || services.size < 2) return found;
  for (const service of services.keys()) {
    let homes = 0;
    for (const other of notice.categories) if (byService(other, notice).has(service)) homes++;
    if (service.third_party && homes === 1) found.add(service);
  }
  return found;
}

/**
 * Adds a switch: its services follow a category, and one service that is on turns its category on.
 * With the last one off the category goes off too, unless it `keeps` services without a switch.
 */
function addSwitch(category: string, name: string, on: boolean, switches: Switches, keeps = false) {
  const box = element("input", { type: "checkbox", role: "switch", name });
  box.checked = on;
  if (keeps) box.dataset.keeps = "";
  switches.set(category, [...(switches.get(category) ?? []), box]);
  box.addEventListener("change", () => {
    const [own, ...single] = switches.get(category) ?? [];
    let any = own?.checked === true && "keeps" in own.dataset;
    for (const other of single) {
      if (box === own) other.checked = box.checked;
      any ||= other.checked;
    }
    if (own && box !== own) own.checked = any;
  });
  return box;
}
