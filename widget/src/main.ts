import type { Consent } from "../consent";
import * as asking from "./asking";
import { merge } from "./core/rules";
import * as decisions from "./decisions";
import { createGate } from "./effects/gate";
import { mailbox } from "./effects/memory";
import { on, signal } from "./effects/signals";
import { later } from "./ui/dom";
import { listen } from "./ui/press";
import { all, asked, envelope, fetchNotice, flush, store, tag } from "./visit";

const QUIET = 1_500; // milliseconds until the page has shown what matters

/** COMPOSITION ROOT: says who listens to whom, and starts. */
function begin(): void {
  const gate = createGate(decisions.granted, asking.veil, tag?.nonce);
  decisions.begin(gate);
  asking.begin(); // first, since what the gate veils has to speak the page's language
  gate();
  for (const happens of ["pageshow", "visibilitychange"]) addEventListener(happens, decisions.follow, true);
  signal("ready", store.get());
  later(catchUp, QUIET);
}

/** Follows other tabs and delivers what is pending; both keep a page waiting for its storage, so they come last. */
function catchUp(): void {
  addEventListener("storage", decisions.follow);
  decisions.follow();
  if (mailbox.pending()[0]) void flush();
}

/** Gives the page `window.consent`; a call that comes before the notice waits for it. */
function boot(): void {
  const ready = envelope
    ? Promise.resolve()
    : fetchNotice(asked ?? document.documentElement.lang).then(begin);
  const soon = (act: () => unknown): void => {
    if (envelope) act();
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
  if (envelope) begin();
}

const MARK = Symbol.for("consent-widget");
if (tag && !(MARK in window)) boot();
