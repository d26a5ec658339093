import type { Views } from "../core/types";
import { element, shadow } from "./dom";

declare const FLOATING_CSS: string; // floating.css, minified

const SVG = "http://www.w3.org/2000/svg";
/** Two switches, one on and one off, in a square of 24. */
const SWITCHES =
  "M3 8h9m6 0h3M12 8a3 3 0 1 0 6 0a3 3 0 1 0-6 0M3 16h3m6 0h9M6 16a3 3 0 1 0 6 0a3 3 0 1 0-6 0";

let host: HTMLElement | undefined;

/** Keeps a button in a corner of the window that opens the settings, for as long as there is a choice. */
export function float({ notice, styles, state }: Pick<Views, "notice" | "styles" | "state">): void {
  if (host) return;
  const name = notice.texts.settings;
  const button = element("button", {
    type: "button",
    title: name,
    "aria-label": name,
    "data-consent-open": "",
  });
  const made = element("consent-button", {
    lang: notice.language,
    dir: notice.direction,
    "data-at": notice.layout.button,
  });
  host = made;
  button.append(icon());
  shadow(made, styles + FLOATING_CSS, button);
  const follow = (): void => {
    made.hidden = !state().time; // where the visitor is asked again, the banner opens them
  };
  follow();
  document.addEventListener("consent:change", follow);
  document.documentElement.append(made);
}

function icon(): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", SWITCHES);
  svg.append(path);
  return svg;
}
