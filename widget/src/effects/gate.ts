const GATED = 'script[type="text/plain"][data-consent],iframe[data-consent][data-src]';

/** What stands in for a frame until it may load; nothing while that is still on its way. */
export type Placeholder = (frame: HTMLIFrameElement, id: string) => HTMLElement | undefined;

/**
 * Runs the page's marked scripts and loads its marked frames when they are granted, now and whenever
 * new ones appear. A script that ran cannot be taken back before the next page; a frame can. What lies
 * in other shadow roots is not seen.
 */
export function createGate(granted: (id: string) => boolean, placeholder: Placeholder): () => void {
  const standIns = new Map<HTMLIFrameElement, HTMLElement>();
  const loaded = new WeakSet<Element>();
  const scripts = new Set<HTMLScriptElement>();
  let waiting = false;

  /** In document order: an inline script waits for the external one before it, as it would have. */
  function run(): void {
    for (const script of scripts) {
      if (waiting) return;
      scripts.delete(script);
      if (!script.isConnected || !granted(idOf(script))) continue;
      const live = release(script);
      if (!live.src) continue;
      waiting = true;
      const go = (): void => {
        waiting = false;
        run();
      };
      live.addEventListener("load", go);
      live.addEventListener("error", go);
    }
  }

  function load(frame: HTMLIFrameElement): void {
    const open = granted(idOf(frame));
    if (open === loaded.has(frame) && (open || standIns.has(frame))) return;
    standIns.get(frame)?.remove();
    standIns.delete(frame);
    if (open) {
      loaded.add(frame);
      frame.src = frame.dataset.src as string;
      return;
    }
    if (loaded.delete(frame)) {
      // Taking it out and back in ends what it showed, without an entry in the visitor's history.
      frame.removeAttribute("src");
      frame.parentNode?.insertBefore(frame, frame.nextSibling);
    }
    const standIn = placeholder(frame, idOf(frame));
    if (!standIn) return;
    standIns.set(frame, standIn);
    frame.after(standIn);
  }

  function apply(): void {
    for (const [frame, standIn] of standIns)
      if (!frame.isConnected) {
        standIn.remove();
        standIns.delete(frame);
      }
    // A parser may still be filling an inline script.
    if (document.readyState === "loading") return;
    for (const node of document.querySelectorAll(GATED)) {
      if (node instanceof HTMLIFrameElement) load(node);
      else if (granted(idOf(node))) scripts.add(node as HTMLScriptElement);
    }
    run();
  }

  new MutationObserver((records) => {
    for (const { addedNodes, removedNodes } of records) {
      for (const node of addedNodes)
        if (node instanceof Element && (node.matches(GATED) || node.querySelector(GATED))) return apply();
      if (standIns.size && removedNodes.length) return apply();
    }
  }).observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", apply);
  return apply;
}

function idOf(node: Element): string {
  return node.getAttribute("data-consent") ?? "";
}

/**
 * Makes a script executable and puts the same node back: its nonce and trust stay with it. Only one
 * that came by innerHTML has already been marked as run, which shows in `async` being false; it
 * needs a new element.
 */
function release(script: HTMLScriptElement): HTMLScriptElement {
  script.type = script.dataset.type ?? "text/javascript";
  script.removeAttribute("async");
  let live = script;
  if (!script.async) {
    try {
      live = copy(script);
    } catch {
      live = script; // Trusted Types forbid a new one
    }
  }
  live.async = false;
  script.parentNode?.insertBefore(live, script.nextSibling);
  if (live !== script) script.remove();
  return live;
}

function copy(script: HTMLScriptElement): HTMLScriptElement {
  const fresh = document.createElement("script");
  for (const { name, value } of script.attributes) fresh.setAttribute(name, value);
  fresh.nonce = script.nonce;
  fresh.text = script.text;
  return fresh;
}
