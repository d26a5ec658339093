import type { Answer, Body, Mailbox, Post, Refusal } from "../core/types";
import { timeOf } from "../core/uuid";

const { setTimeout } = window;
const BUSY = [408, 429];
const MOST = 50; // in one go
const FIRST_WAIT = 5_000; // milliseconds, doubled after each failure
const LONGEST_WAIT = 600_000;

let wait = FIRST_WAIT;

interface Delivery extends Post {
  /** Deletes the consent cookie. */
  readonly forget: () => void;
}

/**
 * Delivers what is pending, one at a time, oldest first, so that each can name the receipt before it;
 * what cannot be delivered now is tried again later. Answers with the server's last answer.
 */
export async function deliver(post: Delivery, refusal: unknown): Promise<Answer | undefined> {
  let answer: Answer | undefined;
  let trouble = refusal;
  for (let turns = MOST; turns--; ) {
    const [oldest, ...others] = post.mailbox.pending();
    if (!oldest) break;
    const body = chain(oldest, others, post.mailbox);
    try {
      if (trouble) throw trouble;
      answer = await send(body, post);
    } catch (error) {
      trouble = undefined;
      if (await mend(body, error, post)) continue;
      setTimeout(post.flush, Math.max(wait, asked(error)));
      wait = Math.min(wait * 2, LONGEST_WAIT);
      return answer;
    }
  }
  wait = FIRST_WAIT;
  return answer;
}

/** Names the receipt before, and keeps that: a repeat has to be the same. */
function chain(body: Body, others: readonly Body[], mailbox: Mailbox): Body {
  const last = mailbox.receipt();
  if (!last || body.token) return body;
  const chained = { ...body, token: last.token };
  mailbox.pending([chained, ...others]);
  return chained;
}

async function send(body: Body, post: Delivery): Promise<Answer> {
  const last = post.mailbox.receipt();
  const mine = last && body.token === last.token ? last : undefined;
  const path = mine && body.method === "withdraw" ? `/${mine.id}/withdraw` : "";
  const again = (): Promise<Answer> =>
    post.send(body, path, narrows(body, last?.choices) ? "include" : undefined);
  const { deletion, ...kept } = await again();
  post.mailbox.settle(body, kept);
  return deletion ? { ...kept, deletion, again } : kept;
}

/** Whether it refuses what was granted: the server then expires the HttpOnly cookies that it can. */
function narrows({ choices, services = {} }: Body, before: Body["choices"] = {}): boolean {
  return (
    Object.keys(before).some((id) => before[id] && !choices[id]) || Object.values(services).includes(false)
  );
}

/**
 * Puts right what can be put right; tells whether the next one may be sent. Only the server's own words
 * (RFC 9457, with a code) count as a refusal: firewalls and strangers' networks say 403 and 404 too.
 */
async function mend(
  body: Body,
  refusal: unknown,
  { mailbox, newId, renew, forget }: Delivery,
): Promise<boolean> {
  const { response } = refusal as Refusal;
  const said = (await response?.json().catch(() => null)) as { code?: string } | undefined;
  const { status = 0 } = response ?? {};
  if (!said?.code || status >= 500 || BUSY.includes(status)) return false;
  const { token, ...rest } = body;
  if (token && (status === 401 || status === 404)) {
    if (mailbox.receipt()?.token === token) mailbox.receipt(null);
    // Another id for the same moment: what was refused is never sent again under its own.
    replace(mailbox, body, [{ ...rest, decision: newId(timeOf(body.decision)) }]);
    return true;
  }
  if (status === 410) mailbox.receipt(null);
  replace(mailbox, body, []);
  if (said.code === "notice_outdated") {
    forget();
    await renew();
  }
  return true;
}

/** The milliseconds that the server asks to wait, in seconds or until a date (RFC 9110, 10.2.3). */
function asked(refusal: unknown): number {
  const value = (refusal as Refusal).response?.headers.get("retry-after") ?? "";
  return Math.min(Number(value) * 1000 || Date.parse(value) - Date.now() || 0, LONGEST_WAIT);
}

function replace(mailbox: Mailbox, body: Body, by: readonly Body[]): void {
  const bodies: Body[] = [];
  for (const other of mailbox.pending()) bodies.push(...(other.decision === body.decision ? by : [other]));
  mailbox.pending(bodies);
}
