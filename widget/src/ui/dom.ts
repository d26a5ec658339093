import { entries } from "../core/rules";

/** The timer and the promise as they were at the start; a page may replace them later. */
export const { setTimeout: later, Promise: Eventual } = window;

type Attributes = Readonly<Record<string, string | false | null | undefined>>;
type Child = Node | string | false | null | undefined;

/** Builds an element; attributes and children that are false, null or undefined are left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes,
  ...children: Child[]
): HTMLElementTagNameMap[K];
export function element(tag: string, attributes: Attributes, ...children: Child[]): HTMLElement;
export function element(tag: string, attributes: Attributes, ...children: Child[]): HTMLElement {
  const node = document.createElement(tag);
  // Taken apart, each pair would cost a kilobyte of machine code.
  for (const pair of entries(attributes))
    if (typeof pair[1] === "string") node.setAttribute(pair[0], pair[1]);
  for (const child of children) if (child) node.append(child);
  return node;
}

/** A link that opens a new tab, which implies noopener, and says so: nobody should lose the page that asks. */
export function link(text: string, href: string, newTab: string): HTMLElement {
  return element("a", { href, target: "_blank", "aria-label": `${text} (${newTab})` }, text);
}

/**
 * Gives a host its shadow root with these styles, each declaration (which ends with a semicolon) made
 * important: then no rule of the page, important or not, can change what is inside or slotted.
 */
export function shadow(host: Element, styles: string, ...children: Element[]): ShadowRoot {
  const root = host.attachShadow({ mode: "open" });
  const css = styles.replaceAll(";", "!important;"); // a regular expression would be compiled, and kept
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(element("style", {}, css)); // before Safari 16.4
  }
  root.append(...children);
  return root;
}
