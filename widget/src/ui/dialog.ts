import type { Preferences } from "../core/types";
import { element } from "./dom";

/** A button with one of the notice's texts. */
export function button(
  { notice, press }: Preferences,
  id: string,
  text: string,
  act: (event: Event) => void,
  kind?: string,
): HTMLElement {
  const node = element("button", { type: "button", id: `consent-${id}`, class: kind }, notice.texts[text]);
  press(node, act);
  return node;
}

/** A dialog's title, which takes the focus first, and its cross. */
export function header(given: Preferences, dialog: HTMLDialogElement, title: string): HTMLElement {
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

/** What lies between a dialog's title and its buttons, and scrolls. */
export function content(...children: (Node | string | false | undefined)[]): HTMLElement {
  return element("div", { class: "all" }, ...children);
}
