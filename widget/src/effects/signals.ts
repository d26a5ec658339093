import type { ConsentDetail } from "../../consent";
import { isAllowed } from "../core/rules";
import type { Decision, Excerpt, State } from "../core/types";

export type EventName = "ready" | "change" | "withdraw";

/** What other companies' tags leave in a page for such calls, unless an element has taken the name. */
type Vendors = Window & {
  dataLayer?: { push?(entry: unknown): void };
  uetq?: { push?(...words: unknown[]): void };
  clarity?(...words: unknown[]): void;
  fbq?(...words: unknown[]): void;
};

const page = window as Vendors;
const ASKED =
  "ad_storage ad_user_data ad_personalization analytics_storage functionality_storage personalization_storage";

/** By key of Google's consent mode v2. */
type Mode = Record<string, "granted" | "denied">;

/** Whether the browser sends Global Privacy Control (W3C GPC). */
export function readGpc(): boolean {
  return (navigator as Navigator & { globalPrivacyControl?: boolean }).globalPrivacyControl === true;
}

/** Tells the tags of Google (consent mode v2, all seven keys), Microsoft and Meta what holds now. */
export function tell(notice: Excerpt, state: State): void {
  if (!state.time) return;
  const named = said(notice, state);
  const mode: Mode = { security_storage: "granted" };
  for (const key of ASKED.split(" ")) mode[key] = named[key] ?? "denied";
  const { ad_storage, analytics_storage } = mode;
  gtag("consent", "update", mode);
  page.clarity?.call?.(page, "consentv2", { ad_Storage: ad_storage, analytics_Storage: analytics_storage });
  if (named.ad_storage) {
    page.uetq?.push?.("consent", "update", { ad_storage });
    page.fbq?.call?.(page, "consent", ad_storage === "denied" ? "revoke" : "grant");
  }
  if (named.analytics_storage) disable(analytics_storage === "denied");
}

/** A key is granted where every category that names it is, with each of its services. */
function said({ categories }: Excerpt, state: State): Mode {
  const named: Mode = {};
  for (const category of categories)
    for (const key of category.consent_mode) {
      let all = named[key] !== "denied" && isAllowed(state, category, category.id);
      for (const { service } of category.cookies) all &&= isAllowed(state, category, service);
      named[key] = all ? "granted" : "denied";
    }
  return named;
}

/** Google's tags read an Arguments object, and nothing else, as a call. */
function gtag(..._call: unknown[]): void {
  // biome-ignore lint/complexity/noArguments: no array will do
  page.dataLayer?.push?.(arguments);
}

/** Google Analytics' own switch, for each of its tags that an address in the page names. */
function disable(off: boolean): void {
  for (const { src } of document.scripts) {
    const id = /[?&]id=((G|UA)-[\w-]+)/.exec(src)?.[1];
    if (id) Object.assign(page, { [`ga-disable-${id}`]: off });
  }
}

/** Tells the page: a DOM event on the document, and `consent_update` for a data layer that exists. */
export function signal(event: EventName, state: State | Decision): void {
  const { choices, services, time, method = null } = state as Decision;
  const detail = { choices: { ...choices }, services: { ...services }, method };
  document.dispatchEvent(new CustomEvent(`consent:${event}`, { detail }));
  if (time && event !== "withdraw")
    page.dataLayer?.push?.({ event: "consent_update", consent: { ...choices, ...services } });
}

/** Calls back on an event of this widget; returns how to stop. */
export function on(event: EventName, listener: (detail: ConsentDetail) => void): () => void {
  const heard = (happened: Event): void => listener((happened as CustomEvent).detail);
  document.addEventListener(`consent:${event}`, heard);
  return () => document.removeEventListener(`consent:${event}`, heard);
}
