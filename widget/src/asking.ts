/** What the visitor sees: the banner here, everything else in the lazy chunk. */
import { betterLanguage } from "./core/language";
import { isGranted, merge } from "./core/rules";
import type { Chunk, Report, Views } from "./core/types";
import { decide } from "./decisions";
import { announce, showBanner } from "./ui/banner";
import { later } from "./ui/dom";
import { press } from "./ui/press";
import { BASE } from "./ui/styles";
import { all, asked, complain, envelope, fetchNotice, home, more, post, store } from "./visit";

let readable: Promise<unknown> | undefined; // settled once the notice is in the language to show
let hide: (() => void) | undefined;

/** Asks whoever has not decided, at first in the page's language, where that is another, once it is there. */
export function begin(): void {
  store.listen((state) => {
    show();
    if ("id" in state && state.method !== "withdraw") announce(envelope.notice.texts.saved);
  });
  const language = betterLanguage(envelope.notice, asked, document.documentElement.lang);
  if (language) readable = fetchNotice(language).catch(complain).then(show);
  else show();
}

function show(): void {
  if (store.get().time) {
    hide = hide?.() as undefined;
    if (envelope.notice.layout.button) later(veil); // after what may run now
  } else ask();
}

function ask(): void {
  hide ??= showBanner(envelope.notice, home, {
    refuse_all: (event) => decide("refuse_all", all(false), event),
    accept_all: (event) => decide("accept_all", all(true), event),
    choose: () => open(),
  });
}

/** Opens the preferences. Without the chunk a link leads where it would have, and the banner still asks. */
export async function open(report?: Report, link?: Element): Promise<void> {
  try {
    const [chunk, views] = await load();
    chunk.open(views, report);
  } catch (error) {
    if (link instanceof HTMLAnchorElement) location.assign(link.href);
    else if (!report) ask();
    complain(error);
  }
}

/** Puts stand-ins where frames may not load, and a button to come back; without the chunk there are none. */
export function veil(): void {
  load().then(
    ([chunk, views]) => chunk.veil(views),
    () => {},
  );
}

async function load(): Promise<[Chunk, Views]> {
  await readable;
  const [chunk, notice] = await more();
  return [chunk, { ...post, isGranted, merge, notice, state: store.get, home, styles: BASE, press, decide }];
}
