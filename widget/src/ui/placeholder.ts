import type { Notice, Views } from "../core/types";
import { element, link, shadow } from "./dom";

interface Place {
  readonly frame: HTMLIFrameElement;
  /** The category or service that the frame is marked with. */
  readonly id: string;
  /** Loads this frame now, and decides nothing. */
  readonly once: () => void;
  readonly allow: (event: Event) => void;
}

declare const FRAME_CSS: string; // frame.css, minified

/** Builds what stands in for a frame that may not load yet. */
export function standIn(given: Views, { frame, id, once, allow }: Place): HTMLElement {
  const { notice, home, styles, press } = given;
  const { language, direction, texts } = notice;
  const { frame_text = "", frame_link = "", new_tab = "", settings = "" } = texts;
  const load = element("button", { type: "button" }, texts.frame_load);
  const single = element("button", { type: "button", class: "q" }, texts.frame_once);
  press(load, allow);
  press(single, once);
  const own = link(frame_link, frame.dataset.src ?? "", new_tab);
  const open = element("a", { href: `${home}/cookies?lang=${language}`, "data-consent-open": "" }, settings);
  const text = element("span", {}, fill(frame_text, namesOf(notice, frame, id)));
  const host = element("consent-frame", { lang: language, dir: direction });
  const buttons = element("p", { class: "b" }, single, load);
  shadow(host, styles + FRAME_CSS, element("div", {}, text, buttons, element("p", {}, own, open)));
  follow(frame, host);
  return host;
}

/** A service by its name and its first category; a category by the provider's host. */
function namesOf(
  notice: Notice,
  frame: HTMLIFrameElement,
  id: string,
): { service: string; category: string } {
  let service = new URL(frame.dataset.src ?? "", location.href).hostname;
  let category = "";
  for (const found of notice.categories) {
    if (found.id === id) category = found.title;
    for (const cookie of found.cookies) if (cookie.service === id) category ||= found.title;
  }
  for (const found of notice.services) if (found.id === id) service = found.name;
  return { service, category };
}

/**
 * Keeps the host over the frame: its place in the flow moves with the page, the rest is measured,
 * once its size is set, since a box may be anchored at its other end.
 */
function follow(frame: HTMLElement, host: HTMLElement): void {
  let x = 0;
  let y = 0;
  const set = (name: string, pixels: number): void => host.style.setProperty(`--${name}`, `${pixels}px`);
  const watch = new ResizeObserver(() => {
    if (!frame.isConnected) host.remove();
    if (!host.isConnected) return watch.disconnect();
    const box = frame.getBoundingClientRect();
    set("w", box.width);
    set("h", box.height);
    const now = host.getBoundingClientRect();
    x += box.left - now.left;
    y += box.top - now.top;
    set("x", x);
    set("y", y);
  });
  watch.observe(frame);
  watch.observe(document.documentElement);
}

/** Fills `{name}` in a text. */
function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (all, name: string) => values[name] ?? all);
}
