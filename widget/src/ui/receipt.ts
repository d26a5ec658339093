import { grantsAny } from "../core/report";
import type { Payload, Receipt, Shown } from "../core/types";
import { parse, verify } from "../core/verify";
import { element } from "./dom";

const KEYS = "/../../.well-known/jwks.json"; // seen from the site's place on the server

/** The visitor's copy of the last decision: what it says, whether it is signed, its files and code. */
export function receiptSection(given: Shown, withdraw: HTMLElement): HTMLElement {
  const { notice, state, receipt, pending } = given;
  const { texts } = notice;
  const section = element("section", {}, element("h3", {}, texts.receipt_title));
  if (receipt && !pending) section.append(...held(given, receipt));
  else section.append(element("p", {}, pending ? texts.receipt_pending : texts.receipt_none));
  if (grantsAny(state)) section.append(withdraw);
  return section;
}

function held(given: Shown, { receipt, token }: Receipt): HTMLElement[] {
  const { texts } = given.notice;
  const payload = parse(receipt)?.payload;
  const seal = element("p", { class: "v", role: "status" });
  void check(given, receipt).then((says) => {
    seal.dataset.is = says;
    seal.append(texts[`receipt_${says}`] ?? "");
  });
  if (!payload) return [seal];
  const json = `${JSON.stringify(payload, null, 2)}\n`;
  return [
    facts(given, payload),
    seal,
    element(
      "p",
      { class: "k" },
      download(receipt, `${payload.id}.jws`, "application/jose", texts.receipt_download),
      download(json, `${payload.id}.json`, "application/json", texts.receipt_json),
    ),
    codeField(token, given),
  ];
}

/** What holds of the copy's signature, under the keys that the server publishes. */
async function check({ get }: Shown, jws: string): Promise<"verified" | "invalid" | "unchecked"> {
  try {
    const found = (await get(KEYS)) as { keys: JsonWebKey[] };
    return (await verify(jws, found)) ? "verified" : "invalid";
  } catch {
    return "unchecked";
  }
}

function facts({ notice }: Shown, { id, time, choices, services }: Payload): HTMLElement {
  const { texts, language } = notice;
  const list = element("dl", {});
  const add = (title: string, ...says: (Node | string)[]): void =>
    list.append(element("dt", {}, texts[title]), element("dd", {}, ...says));
  const when = new Date(time).toLocaleString(language, { dateStyle: "long", timeStyle: "short" });
  add("receipt_id", element("code", {}, id));
  add("receipt_time", when);
  const said: HTMLElement[] = [];
  const say = (name: string, granted?: boolean): void => {
    if (granted !== undefined)
      said.push(element("div", {}, `${name}: ${texts[granted ? "allowed" : "refused"]}`));
  };
  for (const category of notice.categories) say(category.title, choices[category.id]);
  for (const service of notice.services) say(service.name, services[service.id]);
  add("receipt_choices", ...said);
  return list;
}

function codeField(token: string, { notice }: Shown): HTMLElement {
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

function download(content: string, file: string, type: string, text = ""): HTMLElement {
  const href = URL.createObjectURL(new Blob([content], { type }));
  return element("a", { href, download: `consent-receipt-${file}` }, text);
}
