import { reportOf } from "../core/report";
import type { Cookie, Notice, Preferences } from "../core/types";
import { element } from "./dom";
import { serviceLinks } from "./table";

/** The visitor's copy of the last decision: number, time, code, the signed file, and the way back. */
export function receiptSection(given: Preferences, withdraw: HTMLElement): HTMLElement {
  const { notice, state, receipt, pending } = given;
  const { texts, language } = notice;
  const section = element("section", {}, element("h3", {}, texts.receipt_title));
  if (receipt && !pending) {
    const time = new Date(state.time * 1000).toLocaleString(language, {
      dateStyle: "long",
      timeStyle: "short",
    });
    section.append(
      element(
        "dl",
        {},
        element("dt", {}, texts.receipt_id),
        element("dd", {}, element("code", {}, receipt.id)),
        element("dt", {}, texts.receipt_time),
        element("dd", {}, time),
      ),
      codeField(receipt.token, given),
      download(receipt.receipt, texts.receipt_download ?? ""),
    );
  } else section.append(element("p", {}, pending ? texts.receipt_pending : texts.receipt_none));
  if (grantsAny(given)) section.append(withdraw);
  return section;
}

function grantsAny({ state }: Preferences): boolean {
  for (const said of [state.choices, state.services])
    for (const id of Object.keys(said)) if (said[id]) return true;
  return false;
}

function codeField(token: string, { notice }: Preferences): HTMLElement {
  const { receipt_code, receipt_code_text } = notice.texts;
  const field = element("input", { readonly: "", value: token, "aria-describedby": "code" });
  field.addEventListener("focus", () => field.select());
  return element(
    "label",
    { class: "f" },
    element("span", {}, receipt_code),
    field,
    element("small", { id: "code" }, receipt_code_text),
  );
}

function download(jws: string, text: string): HTMLElement {
  const href = URL.createObjectURL(new Blob([jws], { type: "application/jose" }));
  return element("p", {}, element("a", { href, download: "consent-receipt.jws" }, text));
}

/** What a withdrawal deleted, and where the visitor goes for the rest. */
export function reportList({ notice, report }: Preferences): (HTMLElement | false)[] {
  const { deleted, left } = reportOf(notice, report?.swept ?? new Map(), report?.deletions ?? []);
  const gone = element("ul", { class: "d" });
  for (const name of deleted) gone.append(element("li", {}, element("code", {}, name)));
  const rest = element("ul", {});
  for (const cookie of left) rest.append(leftover(cookie, notice));
  return [
    deleted.length > 0 && gone,
    left.length > 0 && element("p", {}, notice.texts.leftovers),
    left.length > 0 && rest,
  ];
}

function leftover(cookie: Cookie, notice: Notice): HTMLElement {
  const row = element("li", {}, element("code", {}, cookie.name));
  for (const service of notice.services) {
    if (service.id !== cookie.service) continue;
    const links = serviceLinks({ ...service, privacy_policy: null }, notice);
    row.append(element("span", {}, service.name));
    if (links) row.append(links);
  }
  if (cookie.http_only) row.append(element("small", {}, notice.texts.leftovers_http_only));
  return row;
}
