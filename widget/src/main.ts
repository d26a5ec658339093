import type { Consent } from "../consent";
import { addressOf } from "./core/address";
import { encode } from "./core/cookie";
import { betterLanguage } from "./core/language";
import { lazy } from "./core/lazy";
import { answer, isGranted, merge } from "./core/rules";
import { createStore } from "./core/store";
import type {
  Answer,
  Body,
  Choices,
  Chunk,
  Decision,
  Envelope,
  Method,
  Preferences,
  State,
  Swept,
} from "./core/types";
import { timeOf, uuid7 } from "./core/uuid";
import { createGate } from "./effects/gate";
import { createMemory } from "./effects/memory";
import { createReceipts } from "./effects/receipts";
import { on, readGpc, signal } from "./effects/signals";
import { sweep } from "./effects/sweep";
import { announce, showBanner } from "./ui/banner";
import { later } from "./ui/dom";
import { createPress } from "./ui/press";
import { BASE } from "./ui/styles";

declare const PREFERENCES_SHA256: string;

type Tag = HTMLScriptElement & { consentEnvelope?: Envelope };
type Said = Pick<State, "choices" | "services">;

const PATIENCE = 3000; // milliseconds that a withdrawal's report waits for the server

/** COMPOSITION ROOT: builds the parts, says who listens to whom, and starts. */
function boot(tag: Tag): void {
  const { server, home, asked, pinned } = addressOf(tag.src, tag.dataset.site);
  let envelope = tag.consentEnvelope as Envelope; // a pinned build has none until it is fetched
  let readable = false; // whether the notice is in the language to show
  let readyToShow: Promise<void> | undefined;
  let hideBanner: (() => void) | undefined;
  let swept: Swept = new Map();
  let answering: Promise<Answer | undefined> | undefined;

  const rethrow = (error: unknown): void => {
    later(() => {
      throw error;
    });
  };
  const newId = (time: number): string => uuid7(time, crypto.getRandomValues(new Uint8Array(10)));
  const all = (says: boolean): Said => ({ choices: answer(envelope.notice, () => says), services: {} });
  const blank = (): State => ({ ...all(false), time: 0 });

  const chunk = lazy<Chunk>(() => import(`${server}/assets/${PREFERENCES_SHA256}.js`));
  const memory = createMemory();
  const receipts = createReceipts(home, memory, (id) => newId(timeOf(id)), askAnew);
  const press = createPress((_event, link) => openPreferences(undefined, link));
  const store = createStore<State | Decision>({ choices: {}, services: {}, time: 0 }, rethrow);
  const granted = (id: string): boolean => !!envelope && isGranted(envelope.notice, store.get(), id);
  const gate = createGate(granted, (frame, id) => {
    // Without the chunk a frame stays empty and off, which needs no report.
    if (readable && !chunk.now()) void chunk.load().then(gate, () => {});
    return readable
      ? chunk.now()?.standIn({ ...shared(), frame, id, allow: (event) => allow(id, event) })
      : undefined;
  });

  function shared(): Pick<Preferences, "notice" | "home" | "styles" | "press"> {
    return { notice: envelope.notice, home, styles: BASE, press };
  }

  /** A frame that is marked with what the notice does not know can be asked about, never allowed. */
  function allow(id: string, event: Event): void {
    const said = merge(envelope.notice, store.get(), { [id]: true });
    if (isGranted(envelope.notice, { ...said, time: 0 }, id)) decide("embed", said, event);
    else void openPreferences();
  }

  function bodyOf({ id, method, choices, services }: Decision): Body {
    const widget = pinned ?? envelope.widget;
    return {
      decision: id,
      notice: envelope.sha256,
      ...(widget && { widget }),
      method,
      choices,
      services,
      signals: { gpc: readGpc() },
    };
  }

  /** A click that a script made counts as that script's call. */
  function decide(method: Method, { choices, services }: Said, event?: Event): void {
    const now = Date.now();
    const by = event?.isTrusted || method === "withdraw" ? method : "api";
    store.set({ choices, services, time: Math.floor(now / 1000), id: newId(now), method: by });
  }

  function withdraw(): void {
    decide("withdraw", all(false));
    const late = new Promise<undefined>((resolve) => later(resolve, PATIENCE));
    void Promise.race([answering, late]).then((found) =>
      openPreferences({ swept, deletions: found?.deletion ?? [] }),
    );
  }

  function ask(): void {
    hideBanner ??= showBanner({
      notice: envelope.notice,
      home,
      press,
      accept: (event) => decide("accept_all", all(true), event),
      refuse: (event) => decide("refuse_all", all(false), event),
      choose: () => openPreferences(),
    });
  }

  function askAnew(): void {
    void receipts.notice(envelope.language).then((fresh) => {
      envelope = fresh;
      memory.forget();
      store.set(blank());
      ask();
    }, rethrow);
  }

  /** Where the lazy chunk cannot be had, a link leads where it would have, and the banner still asks. */
  async function openPreferences(report?: Preferences["report"], link?: Element): Promise<void> {
    try {
      await readyToShow;
      const { open } = await chunk.load();
      open({
        ...shared(),
        state: store.get(),
        receipt: memory.receipt(),
        pending: memory.pending().length > 0,
        gpc: readGpc(),
        ...(report && { report }),
        decide: (method, choices, services, event) => decide(method, { choices, services }, event),
        withdraw,
      });
    } catch (error) {
      if (link instanceof HTMLAnchorElement) location.assign(link.href);
      else if (!report) ask();
      rethrow(error);
    }
  }

  /** Remember first, then act; each on its own, so that one that throws loses nothing. */
  function connect(): void {
    store.listen((state) => "id" in state && memory.remember(envelope, state));
    store.listen(gate);
    store.listen(cleanUp);
    store.listen((state) => {
      signal("change", state);
      if ("id" in state && state.method === "withdraw") signal("withdraw", state);
    });
    store.listen((state) => {
      if (!("id" in state)) return;
      answering = receipts.record(bodyOf(state));
      if (state.method !== "withdraw") announce(envelope.notice.texts.saved);
    });
    store.listen((state) => {
      if (state.time) hideBanner = hideBanner?.() as undefined;
    });
  }

  function cleanUp(): void {
    const state = store.get();
    if (state.time) swept = sweep(envelope.notice, state, memory.jar);
  }

  function show(): void {
    readable = true;
    gate();
    if (!store.get().time) ask();
  }

  /** What another tab decided holds here too. */
  function followTabs(): void {
    const found = memory.recall(envelope);
    const value = (state: State): string => encode(envelope.revision, state);
    const now = store.get();
    if (found && found.time >= now.time && value(found) !== value(now)) store.set(found);
  }

  function begin(): void {
    store.set(memory.recall(envelope) ?? blank());
    connect();
    const language = betterLanguage(envelope.notice, asked, document.documentElement.lang);
    if (language) {
      gate();
      const use = (found: Envelope): void => {
        envelope = found;
      };
      readyToShow = receipts.notice(language).then(use, rethrow).then(show);
    } else show();
    window.addEventListener("storage", followTabs);
    window.addEventListener("pageshow", followTabs);
    document.addEventListener("visibilitychange", followTabs);
    signal("ready", store.get());
    later(cleanUp);
    if (memory.pending().length) void receipts.flush();
  }

  const ready = envelope
    ? Promise.resolve()
    : receipts.notice(asked ?? document.documentElement.lang).then((found) => {
        envelope = found;
        begin();
      });

  /** A call that comes before the notice waits for it. */
  const soon = (act: () => void): void => {
    if (envelope) act();
    else void ready.then(act);
  };
  const consent: Consent = {
    ready,
    get choices() {
      return { ...store.get().choices };
    },
    granted,
    open: () => soon(openPreferences),
    acceptAll: () => soon(() => decide("api", all(true))),
    refuseAll: () => soon(() => decide("api", all(false))),
    save: (choice: Choices) => soon(() => decide("api", merge(envelope.notice, store.get(), choice))),
    withdraw: () => soon(withdraw),
    receipt: () => memory.receipt(),
    on,
  };
  Object.assign(window, { consent: Object.freeze(consent) });
  if (envelope) begin();
}

// An element named `currentScript` shadows the property of the document, not the prototype's own.
const accessor = Object.getOwnPropertyDescriptor(Document.prototype, "currentScript");
const tag = accessor?.get?.call(document) as Tag | null;
const MARK = Symbol.for("consent-widget");
if (tag && !(MARK in window)) {
  Object.defineProperty(window, MARK, { value: true });
  boot(tag);
}
