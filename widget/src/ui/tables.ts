/** The cookie table in a website's own page. */
import type { Category, Notice, Views } from "../core/types";
import { element, link, shadow } from "./dom";
import { cookieTable, serviceLine, serviceLinks } from "./table";

declare const TABLES_CSS: string; // tables.css, minified

type Given = Pick<Views, "notice" | "home" | "styles">;

/** What each place shows: of which category, made from which notice. */
const shown = new WeakMap<Element, string>();

/**
 * Shows the table in every `data-consent-table`, of all categories or of the one named there. What the
 * page wrote inside shows until then, and stays where no such category is.
 */
export function fill(given: Given): void {
  const notice = JSON.stringify(given.notice); // the same one may have been fetched twice
  for (const place of document.querySelectorAll("[data-consent-table]")) {
    const id = place.getAttribute("data-consent-table") ?? "";
    const made = id + notice;
    if (shown.get(place) === made) continue;
    const categories = given.notice.categories.filter((category) => !id || category.id === id);
    if (!categories.length) continue;
    try {
      // The page's nodes and styles stay as they are: the root of its element only holds ours.
      (place.shadowRoot ?? place.attachShadow({ mode: "open" })).replaceChildren(build(given, categories));
    } catch {} // not every element can hold one
    shown.set(place, made);
  }
}

function build({ notice, home, styles }: Given, categories: readonly Category[]): HTMLElement {
  const { language, direction, texts } = notice;
  const host = element("consent-table", { lang: language, dir: direction });
  const all = link(texts.cookies_link ?? "", `${home}/cookies?lang=${language}`, texts.new_tab ?? "");
  shadow(
    host,
    styles + TABLES_CSS,
    ...categories.map((category) => section(category, notice)),
    element("p", {}, all),
  );
  return host;
}

function section({ title, text, cookies }: Category, notice: Notice): HTMLElement {
  const node = element("section", {}, element("h3", {}, title), element("p", {}, text));
  for (const service of notice.services) {
    const rows = cookies.filter((cookie) => cookie.service === service.id);
    if (!rows.length) continue;
    node.append(serviceLine(service, notice));
    const links = serviceLinks(service, notice);
    if (links) node.append(links);
    node.append(cookieTable(service, rows, notice, new Map()));
  }
  return node;
}
