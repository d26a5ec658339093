import type { Answer, Body, Mailbox, Send } from "../core/types";

export interface Receipts {
  /**
   * Keeps a decision until its receipt has been read, and sends it when `start` is over; answers with the
   * receipt, or nothing yet.
   */
  record(body: Body, start: Promise<unknown>): Promise<Answer | undefined>;
  /** Delivers what is still pending. */
  flush(): Promise<Answer | undefined>;
  /** Posts a decision; throws an error with the response where it is refused. */
  send: Send;
  /** Gets JSON; the path is seen from `home`. */
  get<T>(path: string): Promise<T>;
}

/**
 * The only part that speaks to the server; `home` is `<server>/v1/<site>`. A first decision is sent
 * even while the page unloads; `deliver` sends those that name one before them, and deals with
 * the refusal of a first one.
 */
export function createReceipts(
  home: string,
  mailbox: Mailbox,
  deliver: (refusal?: unknown) => Promise<Answer | undefined>,
): Receipts {
  const {
    fetch,
    JSON: { stringify },
  } = window;
  let sending: Promise<Answer | undefined> = Promise.resolve(undefined);

  async function read<T>(path: string, init?: RequestInit): Promise<T> {
    const response = await fetch(home + path, init);
    if (!response.ok) throw Object.assign(Error(`${response.url} answered ${response.status}`), { response });
    return response.json() as T;
  }

  const send: Send = (body, path = "", credentials = "omit") =>
    read(`/receipts${path}`, {
      method: "POST",
      body: stringify(body), // goes as text/plain: no preflight before it
      keepalive: true,
      credentials,
    });

  function flush(): Promise<Answer | undefined> {
    sending = sending.then(() => deliver());
    return sending;
  }

  return {
    record(body, start) {
      if (mailbox.add(body) > 1 || mailbox.receipt()) return start.then(flush);
      sending = start
        .then(() => send(body))
        .then((answer) => mailbox.settle(body, answer))
        .catch(deliver);
      return sending;
    },
    flush,
    send,
    get: read,
  };
}
