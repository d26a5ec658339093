import type { Cookie, Notice, Service } from "../core/types";
import { element, link } from "./dom";

/** Who sets cookies: name, first or third party, provider and country. */
export function serviceLine(service: Service, { language, texts }: Notice): HTMLElement {
  const { name, provider, country, third_party } = service;
  const party = texts[third_party ? "third_party" : "first_party"] ?? "";
  const where = third_party ? ` · ${provider}, ${countryName(country, language)}` : "";
  return element("div", { class: "w" }, element("h4", {}, name), element("span", {}, party + where));
}

/** A service's privacy policy and opt-out. */
export function serviceLinks({ privacy_policy, opt_out, name }: Service, { texts }: Notice) {
  const { policy_link = "", new_tab = "" } = texts;
  const leave = texts.opt_out ?? opt_out?.replace("https://", "") ?? "";
  const to = (text: string, href: string | null) => href && link(text, href, `${name}, ${new_tab}`);
  return (
    (privacy_policy || opt_out) &&
    element("p", { class: "k" }, to(policy_link, privacy_policy), to(leave, opt_out))
  );
}

/** The cookie table of one service; on narrow screens its rows become cards (see the styles). */
export function cookieTable(service: Service, cookies: readonly Cookie[], { texts }: Notice): HTMLElement {
  const columns = ["column_name", "column_purpose", "column_lifespan"];
  const head = element("tr", { role: "row" });
  for (const key of columns) head.append(element("th", { role: "columnheader", scope: "col" }, texts[key]));
  const body = element("tbody", { role: "rowgroup" });
  for (const cookie of cookies) {
    const kind = texts[KINDS[cookie.storage]] ?? "";
    const note = cookie.http_only ? `${kind} · ${texts.http_only}` : kind;
    const name = element("code", {}, cookie.name);
    const row = element("tr", { role: "row" });
    row.append(
      element("th", { role: "rowheader", scope: "row" }, name, element("small", {}, note)),
      element("td", { role: "cell" }, cookie.purpose),
      element("td", { role: "cell", "data-c": texts.column_lifespan }, cookie.lifespan),
    );
    body.append(row);
  }
  const caption = `${texts.column_service}: ${service.name}`;
  return element(
    "table",
    { role: "table", "aria-label": caption },
    element("thead", { role: "rowgroup" }, head),
    body,
  );
}

const KINDS = {
  cookie: "storage_cookie",
  local_storage: "storage_local",
  session_storage: "storage_session",
  indexed_db: "storage_indexed",
} as const;

function countryName(code: string, language: string): string {
  try {
    return new Intl.DisplayNames(language, { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}
