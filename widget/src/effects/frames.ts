const FRAMES = "iframe[data-consent][data-src]";

/** Builds what stands in for a frame; `once` loads this one frame and decides nothing. */
type Build = (frame: HTMLIFrameElement, id: string, once: () => void) => HTMLElement;

const standIns = new Map<HTMLIFrameElement, HTMLElement>();
const allowedOnce = new WeakSet<HTMLIFrameElement>();

/** Gives every frame that may not load a stand-in, empties it if it had loaded, and undoes both. */
export function veilFrames(granted: (id: string) => boolean, build: Build): void {
  for (const frame of document.querySelectorAll<HTMLIFrameElement>(FRAMES)) {
    const id = frame.dataset.consent ?? "";
    if (granted(id) || allowedOnce.has(frame)) unveil(frame);
    else veil(frame, () => build(frame, id, () => loadOnce(frame)));
  }
  for (const frame of standIns.keys()) if (!frame.isConnected) unveil(frame);
}

function veil(frame: HTMLIFrameElement, build: () => HTMLElement): void {
  if (frame.getAttribute("src") === frame.dataset.src) {
    // Taking it out and back in ends what it showed, without an entry in the visitor's history.
    frame.removeAttribute("src");
    frame.parentNode?.insertBefore(frame, frame.nextSibling);
  }
  if (standIns.has(frame)) return;
  const standIn = build();
  standIns.set(frame, standIn);
  frame.after(standIn);
}

function unveil(frame: HTMLIFrameElement): void {
  standIns.get(frame)?.remove();
  standIns.delete(frame);
}

function loadOnce(frame: HTMLIFrameElement): void {
  allowedOnce.add(frame);
  unveil(frame);
  frame.src = frame.dataset.src as string;
}
