import type { Preferences } from "../core/types";
import { element, link, shadow } from "./dom";
import { PREFERENCES } from "./preferences.styles";
import { receiptSection, reportList } from "./receipt";
import { categorySection, type Switches } from "./section";

export { standIn } from "./placeholder";

type Saying = "accept_all" | "refuse_all" | "save";

/** Opens the preferences, or the report of a withdrawal, as a modal dialog; one at a time. */
export function open(given: Preferences): void {
  const { notice } = given;
  const shown = document.querySelector("consent-preferences");
  shown?.shadowRoot?.querySelector("dialog")?.close(); // gives the focus back to who opened it
  shown?.remove();
  const host = element("consent-preferences", { lang: notice.language, dir: notice.direction });
  const dialog = element("dialog", { "aria-labelledby": "title" });
  dialog.append(...(given.report ? withdrawn(given, dialog) : switchboard(given, dialog)));
  dialog.addEventListener("close", () => host.remove());
  shadow(host, given.styles + PREFERENCES, dialog);
  document.documentElement.append(host);
  dialog.showModal();
}

function button(given: Preferences, id: string, text: string, act: (event: Event) => void, kind?: string) {
  const node = element(
    "button",
    { type: "button", id: `consent-${id}`, class: kind },
    given.notice.texts[text],
  );
  given.press(node, act);
  return node;
}

function header(given: Preferences, dialog: HTMLDialogElement, title: string): HTMLElement {
  const { texts } = given.notice;
  const cross = button(given, "close", "", () => dialog.close(), "x");
  cross.setAttribute("aria-label", texts.close ?? "");
  return element(
    "div",
    { class: "top" },
    element("h2", { id: "title", tabindex: "-1", autofocus: "" }, texts[title]),
    cross,
  );
}

function withdrawn(given: Preferences, dialog: HTMLDialogElement): HTMLElement[] {
  const { notice, home } = given;
  const { guide_link = "", new_tab = "" } = notice.texts;
  const guide = link(guide_link, `${home}/guide?lang=${notice.language}`, new_tab);
  return [
    header(given, dialog, "withdrawn"),
    element("div", { class: "all" }, ...reportList(given), element("p", {}, guide)),
    element(
      "div",
      { class: "end" },
      button(given, "done", "close", () => dialog.close()),
    ),
  ];
}

function switchboard(given: Preferences, dialog: HTMLDialogElement): HTMLElement[] {
  const { notice, gpc } = given;
  const switches: Switches = new Map();
  const say = (method: Saying) => (event: Event) => {
    const { choices, services } = readSwitches(given, switches, method);
    dialog.close();
    given.decide(method, choices, services, event);
  };
  const sections: HTMLElement[] = [];
  for (const category of notice.categories)
    sections[sections.length] = categorySection(category, given, switches);
  const withdraw = button(given, "withdraw", "withdraw", given.withdraw, "q");
  return [
    header(given, dialog, "preferences_title"),
    element(
      "div",
      { class: "all" },
      element("p", {}, notice.texts.preferences_text),
      gpc && element("p", { class: "n" }, notice.texts.gpc),
      ...sections,
      receiptSection(given, withdraw),
    ),
    element(
      "div",
      { class: "end" },
      button(given, "reject-all", "refuse_all", say("refuse_all"), "q"),
      button(given, "accept-all", "accept_all", say("accept_all"), "q"),
      button(given, "save", "save", say("save")),
    ),
  ];
}

/** What the switches say; services only in a category where one differs from it. */
function readSwitches({ notice }: Preferences, switches: Switches, method: Saying) {
  const choices: Record<string, boolean> = {};
  const services: Record<string, boolean> = {};
  for (const { id, required } of notice.categories) {
    if (required) continue;
    const [own, ...single] = switches.get(id) ?? [];
    choices[id] = method === "save" ? own?.checked === true : method === "accept_all";
    let differs = false;
    for (const box of single) differs ||= box.checked !== own?.checked;
    if (method === "save" && differs) for (const box of single) services[box.name] = box.checked;
  }
  return { choices, services };
}
