import { grantsAny, outcomeOf } from "../core/report";
import type { Deletion, Left, Notice, Outcome, Report, Shown } from "../core/types";
import { button, content, header } from "./dialog";
import { element, later, link } from "./dom";
import { serviceLinks } from "./table";

const PATIENCE = 3000; // milliseconds that the report waits for the server before it shows the rest

/** What was taken back: what is deleted, what only the visitor or a provider can delete, and how. */
export function reported(given: Shown, report: Report, dialog: HTMLDialogElement): HTMLElement[] {
  const { notice, state } = given;
  const { texts } = notice;
  const list = element("div", { role: "status", "aria-busy": "true" });
  void tell(given, report, (outcome) => {
    list.replaceChildren(...groups(given, outcome));
    list.setAttribute("aria-busy", "false");
  });
  return [
    header(given, dialog, grantsAny(state) ? "saved" : "withdrawn"),
    content(list, element("p", {}, texts.still_running)),
    element(
      "div",
      { class: "end" },
      button(given, "reload", "reload", () => location.reload(), "q"),
      button(given, "done", "close", () => dialog.close()),
    ),
  ];
}

/** Tells what is known, at the latest after a while, and once more if the server answers after that. */
async function tell(given: Shown, report: Report, show: (outcome: Outcome) => void): Promise<void> {
  const taken = { notice: given.notice, before: report.before, after: given.state };
  const traces = await report.swept.catch(() => []);
  const asking = confirm(report);
  const late = new Promise<undefined>((resolve) => later(resolve, PATIENCE));
  const soon = await Promise.race([asking, late]);
  show(outcomeOf(taken, traces, ...(soon ?? [])));
  const answers = await asking;
  if (answers && !soon) show(outcomeOf(taken, traces, ...answers));
}

type Deletions = [asked: readonly Deletion[], again?: readonly Deletion[] | undefined];

/** What the server says it expired, and, asked once more, what the browser sent it all the same. */
async function confirm({ answer }: Report): Promise<Deletions | undefined> {
  try {
    const first = await answer;
    const asked = first?.deletion ?? [];
    if (!asked.some(({ outcome }) => outcome === "expired")) return [asked];
    return [asked, (await first?.again?.())?.deletion];
  } catch {
    return;
  }
}

function groups({ notice, home }: Shown, outcome: Outcome): HTMLElement[] {
  const { texts, language } = notice;
  const { deleted, expired, left, providers } = outcome;
  const parts: HTMLElement[] = [];
  const add = (title: string, rows: HTMLElement[], ...more: HTMLElement[]): void => {
    const list = element("ul", {}, ...rows);
    if (rows.length)
      parts.push(element("div", { class: "g" }, element("h3", {}, texts[title]), list, ...more));
  };
  const named = (name: string): HTMLElement => element("li", { class: "d" }, element("code", {}, name));
  add("deleted", deleted.map(named));
  add("deleted_by_server", expired.map(named));
  if (!parts.length) parts.push(element("p", { class: "g" }, texts.nothing_deleted));
  const guide = link(texts.guide_link ?? "", `${home}/guide?lang=${language}`, texts.new_tab ?? "");
  add(
    "leftovers",
    left.map((each) => leftover(each, notice)),
    element("p", { class: "k" }, guide),
  );
  add(
    "providers",
    providers.map((service) => element("li", {}, service.name, serviceLinks(service, notice))),
  );
  return parts;
}

function leftover({ name, cookie }: Left, { services, texts }: Notice): HTMLElement {
  const why =
    cookie.storage === "indexed_db" ? "leftovers_in_use" : cookie.http_only && "leftovers_http_only";
  const who = services.find(({ id }) => id === cookie.service);
  return element(
    "li",
    {},
    element("code", {}, name),
    who && ` ${who.name}`,
    why && element("small", {}, texts[why]),
  );
}
