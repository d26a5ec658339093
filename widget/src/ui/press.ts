import type { Press } from "../core/types";

const acts = new WeakMap<EventTarget, (event: Event) => void>();

/** Makes an element act when it is pressed, once `listen` has been called. */
export const press: Press = (node, act) => {
  acts.set(node, act);
};

/**
 * Listens for clicks on the window, before anything in the page can stop them: what is registered
 * acts, and any element marked `data-consent-open` opens the preferences instead of following its link.
 */
export function listen(open: (link: Element) => void): void {
  const heard = (event: MouseEvent): void => {
    for (const node of event.composedPath()) {
      const act = acts.get(node);
      const opens = node instanceof Element && node.hasAttribute("data-consent-open");
      if (!act && (!opens || event.ctrlKey || event.metaKey || event.shiftKey)) continue;
      event.preventDefault();
      if (act) act(event);
      else open(node as Element);
      return;
    }
  };
  addEventListener("click", heard, true);
}
