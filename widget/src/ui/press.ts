import type { Press } from "../core/types";

/**
 * Listens for clicks on the window, before anything in the page can stop them: what is registered
 * acts, and any element marked `data-consent-open` opens the preferences instead of following its link.
 */
export function createPress(open: (event: Event, link: Element) => void): Press {
  const acts = new WeakMap<EventTarget, (event: Event) => void>();
  const listen = (event: MouseEvent): void => {
    for (const node of event.composedPath()) {
      const act = acts.get(node);
      const opens = node instanceof Element && node.hasAttribute("data-consent-open");
      if (!act && (!opens || event.ctrlKey || event.metaKey || event.shiftKey)) continue;
      event.preventDefault();
      if (act) act(event);
      else open(event, node as Element);
      return;
    }
  };
  window.addEventListener("click", listen, true);
  return (node, act) => acts.set(node, act);
}
