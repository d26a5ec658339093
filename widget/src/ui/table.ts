import type { Cookie, Notice, Service } from "../core/types";
import { element, link } from "./dom";

/** For each row what says that it is on this device; hidden until somebody has looked. */
export type Marks = Map<Cookie, HTMLElement>;

/** Who sets cookies: name, first or third party, provider and country. */
export function serviceLine(service: Service, { language, texts }: Notice): HTMLElement {
  const { name, provider, country, third_party } = service;
  const party = texts[third_party ? "third_party" : "first_party"] ?? "";
  const countries = new Intl.DisplayNames(language, { type: "region" });
  const where = third_party ? ` · ${provider}, ${countries.of(country)}` : "";
  return element("div", { class: "w" }, element("h4", {}, name), element("small", {}, party + where));
}

/** A service's privacy policy and opt-out. */
export function serviceLinks({ privacy_policy, opt_out, name }: Service, { texts }: Notice) {
  const to = (text: string, href: string | null) =>
    href && link(texts[text] ?? "", href, `${name}, ${texts.new_tab}`);
  return (
    (privacy_policy || opt_out) &&
    element("p", { class: "k" }, to("policy_link", privacy_policy), to("opt_out", opt_out))
  );
}

/**
 * The cookie table of one service; on narrow screens its rows become cards (see the styles), which
 * is why each part says its role.
 */
export function cookieTable(
  service: Service,
  cookies: readonly Cookie[],
  { texts }: Notice,
  marks: Marks,
): HTMLElement {
  const body = part("tbody", "rowgroup");
  for (const cookie of cookies) {
    const kind = texts[`storage_${cookie.storage.replace(/_.*/, "")}`] ?? "";
    const note = cookie.http_only ? `${kind} · ${texts.http_only}` : kind;
    const mark = element("small", { class: "v", hidden: "" }, texts.on_device);
    const lifespan = part("td", "cell", cookie.lifespan);
    lifespan.dataset.c = texts.column_lifespan;
    marks.set(cookie, mark);
    body.append(
      part(
        "tr",
        "row",
        part("th", "rowheader", element("code", {}, cookie.name), element("small", {}, note), mark),
        part("td", "cell", cookie.purpose),
        lifespan,
      ),
    );
  }
  const head = part("tr", "row");
  for (const key of ["name", "purpose", "lifespan"])
    head.append(part("th", "columnheader", texts[`column_${key}`]));
  const table = part("table", "table", part("thead", "rowgroup", head), body);
  table.setAttribute("aria-label", `${texts.column_service}: ${service.name}`);
  return table;
}

function part(tag: string, role: string, ...children: (Node | string | undefined)[]): HTMLElement {
  return element(tag, { role }, ...children);
}
