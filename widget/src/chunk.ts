/** COMPOSITION ROOT of what is loaded when it is first needed: all that a visit can begin without. */
import { NAME } from "./core/cookie";
import type { Answer, Post, Report, Shown, Views } from "./core/types";
import * as delivery from "./effects/delivery";
import { expire } from "./effects/expiry";
import { veilFrames } from "./effects/frames";
import { readGpc } from "./effects/signals";
import { isStored } from "./effects/sweep";
import { standIn } from "./ui/placeholder";
import * as preferences from "./ui/preferences";

declare const EXTRAS_SHA256: string;

export { sweep } from "./effects/sweep";
export { expire };

/** Delivers what is pending, oldest first. */
export function deliver(post: Post, refusal: unknown): Promise<Answer | undefined> {
  return delivery.deliver({ ...post, forget: () => expire(NAME, post.jar) }, refusal);
}

/** Opens the preferences, or the report of what was taken back. */
export function open(views: Views, report?: Report): void {
  const { mailbox, jar, decide } = views;
  const shown: Shown = {
    ...views,
    state: views.state(),
    receipt: mailbox.receipt(),
    pending: mailbox.pending().length > 0,
    gpc: readGpc(),
    ...(report && { report }),
    decide: (method, choices, services, event) => decide(method, { choices, services }, event),
    isStored: (cookie) => isStored(cookie, jar),
  };
  preferences.open(shown);
}

/** Puts stand-ins where frames may not load, takes them away where they may, and adds what few sites have. */
export function veil(views: Views): void {
  veilFrames(
    (id) => views.isGranted(views.notice, views.state(), id),
    (frame, id, once) => standIn(views, { frame, id, once, allow: (event) => allow(views, id, event) }),
  );
  if (views.notice.layout.button || document.querySelector("[data-consent-table]"))
    import(`./${EXTRAS_SHA256}.js`).then(
      ({ add }) => add(views),
      () => {},
    );
}

/** A frame that is marked with what the notice does not know can be asked about, never allowed. */
function allow(views: Views, id: string, event: Event): void {
  const { isGranted, merge, notice, state, decide } = views;
  const said = merge(notice, state(), { [id]: true });
  if (isGranted(notice, { ...said, time: 0 }, id)) decide("embed", said, event);
  else open(views);
}
