import type { Consent } from "../consent";
import * as asking from "./asking";
import type { Values } from "./core/cookie";
import { merge } from "./core/rules";
import * as decisions from "./decisions";
import { createGate } from "./effects/gate";
import { look, mailbox } from "./effects/memory";
import { on, signal } from "./effects/signals";
import { later } from "./ui/dom";
import { listen } from "./ui/press";
import { all, asked, envelope, fetchNotice, flush, store, tag } from "./visit";

let begun = false;

/** COMPOSITION ROOT: says who listens to whom, and starts. */
function begin(found?: Values): void {
  begun = true;
  const gate = createGate(decisions.granted, asking.veil, tag?.nonce);
  decisions.begin(gate, found);
  asking.begin(); // first, since what the gate veils has to speak the page's language
  gate();
  signal("ready", store.get());
  later(catchUp, 1_500); // the page has shown what matters
}

/** Begins once there is a notice, and what this browser remembers. */
async function start(): Promise<void> {
  if (!envelope) await fetchNotice(asked ?? document.documentElement.lang);
  begin(await look());
}

/** Follows other tabs and delivers what is pending; both keep a page waiting for its storage, so they come last. */
function catchUp(): void {
  addEventListener("storage", decisions.follow);
  // That tells nothing of other subdomains, nor of what was missed: a page that comes into view looks for itself.
  addEventListener("visibilitychange", decisions.follow, true);
  addEventListener("online", catchUp);
  decisions.follow();
  if (mailbox.pending()[0]) void flush();
}

/** Gives the page `window.consent`; a call that comes before notice and memory are there waits for both. */
function boot(): void {
  const ready = start();
  const soon = (act: () => unknown): void => {
    if (begun) act();
    else void ready.then(act);
  };
  const say = (said: () => ReturnType<typeof all>): void => soon(() => decisions.decide("api", said()));
  const consent: Consent = {
    ready,
    get choices() {
      return { ...store.get().choices };
    },
    granted: decisions.granted,
    open: () => soon(asking.open),
    acceptAll: () => say(() => all(true)),
    refuseAll: () => say(() => all(false)),
    save: (choice) => say(() => merge(envelope.notice, store.get(), choice)),
    withdraw: () => soon(() => asking.open(decisions.decide("withdraw", all(false)))),
    receipt: () => mailbox.receipt(),
    on,
  };
  Object.assign(window, { consent: Object.freeze(consent), [MARK]: true });
  listen((link) => soon(() => asking.open(undefined, link)));
}

const MARK = Symbol.for("consent-widget");
if (tag && !(MARK in window)) boot();
