const GATED = 'script[type="text/plain"][data-consent],iframe[data-consent][data-src],[data-consent-table]';

/**
 * Runs the page's marked scripts and loads its marked frames when they are granted, now and whenever
 * new ones appear. A script that ran cannot be taken back before the next page. What lies in other
 * shadow roots is not seen. `veil` is called where a frame may not load or a place waits for its cookie
 * table, and from then on each time. Where the widget's own tag has a `nonce`, only scripts with the same
 * one run.
 */
export function createGate(
  granted: (id: string) => boolean,
  veil: () => void,
  nonce: string | undefined,
): () => void {
  const scripts = new Set<HTMLScriptElement>();
  let loading = 0;
  let veiled = false;

  /** In document order: an inline script waits for the external ones before it, as it would have. */
  function run(): void {
    for (const script of scripts) {
      if (loading && !script.src) return;
      scripts.delete(script);
      // A policy with 'strict-dynamic' trusts whatever a trusted script puts in.
      if (!script.isConnected || !granted(idOf(script)) || (nonce && script.nonce !== nonce)) continue;
      const live = release(script);
      if (!live.src) continue;
      loading++;
      const go = (): void => {
        loading--;
        run();
      };
      live.addEventListener("load", go);
      live.addEventListener("error", go);
    }
  }

  function apply(): void {
    // A parser may still be filling an inline script.
    if (document.readyState === "loading") return;
    late.observe(document, { childList: true, subtree: true });
    for (const node of document.querySelectorAll(GATED)) {
      const open = granted(idOf(node));
      if (node instanceof HTMLScriptElement) open && scripts.add(node);
      else if (open) load(node as HTMLIFrameElement);
      else veiled = true;
    }
    run();
    if (veiled) veil();
  }

  const late = new MutationObserver((records) => {
    for (const { addedNodes } of records)
      for (const node of addedNodes)
        if (node instanceof Element && (node.matches(GATED) || node.querySelector(GATED))) return apply();
  });
  document.addEventListener("DOMContentLoaded", apply);
  return apply;
}

function idOf(node: Element): string {
  return (node as HTMLElement).dataset.consent as string;
}

function load(frame: HTMLIFrameElement): void {
  const { src } = frame.dataset;
  if (src && frame.getAttribute("src") !== src) frame.src = src;
}

/**
 * Makes a script executable and puts the same node back: its nonce and trust stay with it. Only one
 * that came by innerHTML has already been marked as run, which shows in `async` being false; it
 * needs a new element.
 */
function release(script: HTMLScriptElement): HTMLScriptElement {
  script.type = script.dataset.type ?? "";
  script.removeAttribute("async");
  let live = script;
  if (!script.async) {
    try {
      live = copy(script);
    } catch {} // Trusted Types forbid a new one
  }
  live.async = false;
  script.after(live);
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
