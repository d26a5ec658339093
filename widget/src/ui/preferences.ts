import { narrows } from "../core/report";
import type { Shown } from "../core/types";
import { button, content, header } from "./dialog";
import { element, shadow } from "./dom";
import { receiptSection } from "./receipt";
import { reported } from "./report";
import { categorySection, type Switches } from "./section";

declare const PREFERENCES_CSS: string; // preferences.css, minified
declare const RECEIPT_CSS: string; // receipt.css, minified

type Saying = "accept_all" | "refuse_all" | "save" | "withdraw";

/** Opens the preferences, or the report of what was taken back, as a modal dialog; one at a time. */
export function open(given: Shown): void {
  const { notice } = given;
  const shown = document.querySelector("consent-preferences");
  shown?.shadowRoot?.querySelector("dialog")?.close(); // gives the focus back to who opened it
  shown?.remove();
  const host = element("consent-preferences", { lang: notice.language, dir: notice.direction });
  const dialog = element("dialog", { "aria-labelledby": "title" });
  dialog.append(...(given.report ? reported(given, given.report, dialog) : switchboard(given, dialog)));
  dialog.addEventListener("close", () => host.remove());
  shadow(host, given.styles + PREFERENCES_CSS + RECEIPT_CSS, dialog);
  document.documentElement.append(host);
  dialog.showModal();
}

function switchboard(given: Shown, dialog: HTMLDialogElement): HTMLElement[] {
  const { notice, gpc } = given;
  const switches: Switches = new Map();
  const say = (method: Saying) => (event: Event) => {
    const { choices, services } = readSwitches(given, switches, method);
    const report = given.decide(method, choices, services, event);
    const state = { ...given.state, choices, services };
    const takesBack = narrows({ notice, before: report.before, after: state });
    if (takesBack) open({ ...given, state, report });
    else dialog.close();
  };
  const sections: HTMLElement[] = [];
  for (const category of notice.categories)
    sections[sections.length] = categorySection(category, given, switches);
  return [
    header(given, dialog, "preferences_title"),
    content(
      element("p", {}, notice.texts.preferences_text),
      gpc && element("p", { class: "n" }, notice.texts.gpc),
      ...sections,
      receiptSection(given, button(given, "withdraw", "withdraw", say("withdraw"), "q")),
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
function readSwitches({ notice }: Shown, switches: Switches, method: Saying) {
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
