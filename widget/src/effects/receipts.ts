import type { Answer, Body, Envelope, Receipt } from "../core/types";

interface Memory {
  receipt(next?: Receipt | null): Receipt | null;
  pending(next?: readonly Body[]): readonly Body[];
}

export interface Receipts {
  /** Keeps a decision until its receipt has been read; answers with the receipt, or nothing yet. */
  record(body: Body): Promise<Answer | undefined>;
  /** Sends what is still pending. */
  flush(): Promise<Answer | undefined>;
  /** The site's notice, in a language or in its own. */
  notice(language?: string): Promise<Envelope>;
}

const MOST_PENDING = 40;
const FIRST_WAIT = 5_000; // milliseconds, doubled after each failure
const LONGEST_WAIT = 600_000;

/**
 * The only part that speaks to the server; `home` is `<server>/v1/<site>`. Decisions go one at a
 * time, oldest first, so that each can name the receipt before it. `renew` makes another id for the
 * same moment, `outdated` is called when the server no longer accepts the notice.
 */
export function createReceipts(
  home: string,
  memory: Memory,
  renew: (id: string) => string,
  outdated: (body: Body) => void,
): Receipts {
  const {
    fetch,
    setTimeout,
    JSON: { stringify },
  } = window;
  let sending: Promise<Answer | undefined> | undefined;
  let wait = FIRST_WAIT;

  function replace(decision: string, next?: Body): void {
    const bodies: Body[] = [];
    for (const body of memory.pending())
      if (body.decision !== decision) bodies[bodies.length] = body;
      else if (next) bodies[bodies.length] = next;
    memory.pending(bodies);
  }

  /** Sends one; false where it has to wait. */
  async function send(pending: Body): Promise<Answer | boolean> {
    const last = memory.receipt();
    const body = pending.token || !last ? pending : { ...pending, token: last.token };
    if (body !== pending) replace(body.decision, body);
    const chained = body.method === "withdraw" && last && body.token === last.token;
    const response = await fetch(`${home}/receipts${chained ? `/${last.id}/withdraw` : ""}`, {
      method: "POST",
      body: stringify(body),
      headers: { "Content-Type": "text/plain" },
      keepalive: true,
      credentials: chained ? "include" : "omit",
    });
    if (response.ok) return keep(body, (await response.json()) as Answer);
    const { status } = response;
    if (status === 429 || status === 408 || status >= 500) return false;
    refused(status, body, ((await response.json().catch(() => ({}))) as { code?: string }).code);
    return true;
  }

  function keep(body: Body, answer: Answer): Answer {
    const { deletion, ...receipt } = answer;
    memory.receipt({ ...receipt, choices: body.choices });
    replace(body.decision);
    return answer;
  }

  function refused(status: number, body: Body, code?: string): void {
    if (body.token && (status === 401 || status === 404)) {
      const { token, ...rest } = body;
      if (memory.receipt()?.token === token) memory.receipt(null);
      replace(body.decision, { ...rest, decision: renew(body.decision) });
      return;
    }
    if (status === 410) memory.receipt(null);
    replace(body.decision);
    if (code === "notice_outdated") outdated(body);
  }

  async function flushAll(): Promise<Answer | undefined> {
    let answer: Answer | undefined;
    const tried = new Set<string>();
    for (let body = memory.pending()[0]; body && !tried.has(body.decision); body = memory.pending()[0]) {
      tried.add(body.decision);
      const sent = await send(body).catch(() => false as const);
      if (!sent) {
        setTimeout(flush, wait);
        wait = Math.min(wait * 2, LONGEST_WAIT);
        return;
      }
      wait = FIRST_WAIT;
      if (sent !== true) answer = sent;
    }
    return answer;
  }

  function flush(): Promise<Answer | undefined> {
    sending ??= flushAll().finally(() => {
      sending = undefined;
    });
    return sending;
  }

  window.addEventListener("online", flush);
  return {
    record(body) {
      const bodies = memory.pending();
      const [, ...newer] = bodies;
      memory.pending([...(bodies.length < MOST_PENDING ? bodies : newer), body]);
      return flush();
    },
    flush,
    async notice(language) {
      const response = await fetch(
        `${home}/notice.json${language ? `?lang=${encodeURIComponent(language)}` : ""}`,
      );
      if (!response.ok) throw new Error(`${response.status}`);
      return (await response.json()) as Envelope;
    },
  };
}
