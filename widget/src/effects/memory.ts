import { decode, erasures, NAME, write } from "../core/cookie";
import type { Body, Envelope, Jar, Receipt, State } from "../core/types";

export interface Memory {
  readonly jar: Jar;
  recall(envelope: Envelope): State | undefined;
  remember(envelope: Envelope, state: State): void;
  forget(): void;
  receipt(next?: Receipt | null): Receipt | null;
  pending(next?: readonly Body[]): readonly Body[];
}

/** Keeps decisions: the consent cookie, and receipts and unsent decisions in localStorage. */
export function createMemory(): Memory {
  const { parse, stringify } = JSON;
  const { isArray } = Array;
  const jar = openJar();
  const host = location.hostname;
  const page = { host, https: location.protocol === "https:" };
  const unsaved: Record<string, unknown> = {};

  /** Reads an entry, or writes it where `next` is given. Without localStorage it lives in the page. */
  function entry(key: string, next?: unknown): unknown {
    try {
      if (next === null) localStorage.removeItem(key);
      else if (next !== undefined) localStorage.setItem(key, stringify(next));
      else return unsaved[key] ?? parse(localStorage.getItem(key) ?? "null");
      delete unsaved[key];
    } catch {
      if (next !== undefined) unsaved[key] = next;
    }
    return next ?? unsaved[key];
  }

  function erase(): void {
    for (const line of erasures(NAME, host, [location.pathname])) jar.write(line);
  }

  return {
    jar,
    recall(envelope) {
      try {
        return decode(jar.read(), envelope, Date.now() / 1000);
      } catch {
        return;
      }
    },
    remember(envelope, state) {
      // One left by another domain or path would contradict this one at the next visit.
      if (jar.read().split(`${NAME}=`).length > 2) erase();
      jar.write(write(envelope, state, page));
    },
    forget: erase,
    receipt(next) {
      const found = entry("consent.receipt", next) as Receipt | null;
      return found && typeof found.id === "string" && typeof found.token === "string" ? found : null;
    },
    pending(next) {
      const found = entry("consent.pending", next && (next.length ? next : null));
      const bodies: Body[] = [];
      if (isArray(found))
        for (const body of found) if (typeof body?.decision === "string") bodies[bodies.length] = body;
      return bodies;
    },
  };
}

/** An element named `cookie` shadows `document.cookie`; the prototype's own accessor it cannot. */
function openJar(): Jar {
  const { get, set } = Object.getOwnPropertyDescriptor(Document.prototype, "cookie") as PropertyDescriptor;
  return {
    read: () => get?.call(document) as string,
    write: (line) => set?.call(document, line),
  };
}
