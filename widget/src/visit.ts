/**
 * What the parts of a visit share. A page has one visit, which a symbol guards: its parts are modules
 * that hold their state, since objects with methods would cost every visitor a tenth of the script.
 */
import { addressOf } from "./core/address";
import { answer } from "./core/rules";
import { createStore } from "./core/store";
import type { Accessor, Chunk, Decision, Envelope, Notice, Post, State } from "./core/types";
import { uuid7 } from "./core/uuid";
import { jar, mailbox } from "./effects/memory";
import { createReceipts } from "./effects/receipts";
import { later } from "./ui/dom";

declare const CHUNK_SHA256: string;

type Tag = HTMLScriptElement & { consentEnvelope?: Envelope };

/**
 * The script's own element. One named `currentScript` shadows the property of the document, not the
 * prototype's own.
 */
export const tag: Tag | null = (
  Object.getOwnPropertyDescriptor(Document.prototype, "currentScript") as Accessor
).get.call(document);

export const { server, home, asked, pinned } = addressOf(tag?.src ?? "", tag?.dataset.site);

/** What is shown; a pinned build has none until it is fetched. */
export let envelope = tag?.consentEnvelope as Envelope;

/** Tells the page's console, and whoever listens for errors. */
export function complain(error: unknown): void {
  window.reportError?.(error);
}

export const store = createStore<State | Decision>({ choices: {}, services: {}, time: 0 }, complain);

/** The same answer for every category. */
export function all(says: boolean): Pick<State, "choices" | "services"> {
  return { choices: answer(envelope.notice, () => says), services: {} };
}

/** A decision's id: a UUIDv7, whose random part is this browser's secret. */
export function newId(milliseconds: number): string {
  return uuid7(milliseconds, crypto.getRandomValues(new Uint8Array(10)));
}

/** Undecided. */
export const blank = (): State => ({ ...all(false), time: 0 });

let loading: Promise<Chunk> | undefined;

/** Loads the chunk when it is first needed, and again after a failure. */
function chunk(): Promise<Chunk> {
  loading ??= import(`${server}/assets/${CHUNK_SHA256}.js`).catch((error) => {
    loading = undefined;
    throw error;
  }) as Promise<Chunk>;
  return loading;
}

const { record, send, flush, get } = createReceipts(home, mailbox, (refusal) =>
  chunk()
    .then(({ deliver }) => deliver(post, refusal))
    .catch(() => void later(flush, 60_000)),
);

/** What the chunk works with. */
export const post: Post = { mailbox, jar, get, send, flush, renew, newId };

export { flush, get, record };

/** Shows the notice of today from now on, in a language, or in the site's own where it has not that one. */
export async function fetchNotice(language: string): Promise<void> {
  envelope = await get(`/notice.json?lang=${language}`);
}

/** Asks again: the server no longer accepts the notice that was decided on. */
async function renew(): Promise<void> {
  await fetchNotice(envelope.notice.language);
  store.set(blank());
}

/** The lazy chunk, and the notice with all that the excerpt leaves out. */
export function more(): Promise<[Chunk, Notice]> {
  return Promise.all([chunk(), whole()]);
}

async function whole(): Promise<Notice> {
  const { sha256, notice } = envelope;
  if ("services" in notice) return notice as Notice;
  const found = await get<Notice>(`/notices/${sha256}.json`);
  if (envelope.sha256 === sha256) envelope = { ...envelope, notice: found };
  return found;
}
