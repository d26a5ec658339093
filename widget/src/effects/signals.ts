import type { ConsentDetail } from "../../consent";
import type { Choices, Decision, State } from "../core/types";

export type EventName = "ready" | "change" | "withdraw";

/** Whether the browser sends Global Privacy Control (W3C GPC). */
export function readGpc(): boolean {
  return (navigator as Navigator & { globalPrivacyControl?: boolean }).globalPrivacyControl === true;
}

/** Tells the page: a DOM event on the document, and `consent_update` for a data layer that exists. */
export function signal(event: EventName, state: State | Decision): void {
  const { choices, services, time } = state;
  const method = "method" in state ? state.method : null;
  const detail = { choices: { ...choices }, services: { ...services }, method };
  document.dispatchEvent(new CustomEvent(`consent:${event}`, { detail }));
  if (time && event !== "withdraw") tellDataLayer(choices, services);
}

function tellDataLayer(choices: Choices, services: Choices): void {
  const { dataLayer } = window as Window & { dataLayer?: { push(entry: unknown): void } };
  dataLayer?.push({ event: "consent_update", consent: { ...choices, ...services } });
}

/** Calls back on an event of this widget; returns how to stop. */
export function on(event: EventName, listener: (detail: ConsentDetail) => void): () => void {
  const heard = (happened: Event): void => listener((happened as CustomEvent).detail);
  document.addEventListener(`consent:${event}`, heard);
  return () => document.removeEventListener(`consent:${event}`, heard);
}
