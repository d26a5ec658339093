/** What a page may use of the consent widget: `window.consent`, and DOM events on `document`. */

export type ConsentMethod = "accept_all" | "refuse_all" | "save" | "withdraw" | "embed" | "api";

/** Ids of categories, or of services, and whether they are granted. */
export type ConsentChoices = Readonly<Record<string, boolean>>;

export interface ConsentDetail {
  /** Every optional category. */
  readonly choices: ConsentChoices;
  /** Only services that were chosen one by one. */
  readonly services: ConsentChoices;
  /** How the visitor decided; null where the decision was remembered or made in another tab. */
  readonly method: ConsentMethod | null;
}

export interface ConsentReceipt {
  readonly id: string;
  /** The signed receipt, JWS Compact Serialization. */
  readonly receipt: string;
  readonly token: string;
  readonly subject: string;
  /** RFC 3339. */
  readonly valid_until: string;
  /** What was decided. */
  readonly choices: ConsentChoices;
}

export interface Consent {
  /** Resolves once the notice is there and what was remembered has been applied. */
  readonly ready: Promise<void>;
  /** Every optional category; all false before the first decision, and none at all before `ready`. */
  readonly choices: ConsentChoices;
  /** Whether a category or service is granted now; false before `ready`, and for an id that the notice does not know. */
  granted(id: string): boolean;
  /** Opens the preferences. */
  open(): void;
  /** Grants every category. Calls by script are recorded as method `api`. */
  acceptAll(): void;
  /** Refuses every optional category. */
  refuseAll(): void;
  /** Decides on some categories or services; what is left out stays as it is, refused at first. */
  save(choice: ConsentChoices): void;
  /**
   * Refuses everything, deletes what can be deleted, and shows what was and what could not be; by whomever
   * it is called, it is recorded as method `withdraw`. A script that has run stays until the next page.
   */
  withdraw(): void;
  /** This browser's last receipt, once the server has signed it. */
  receipt(): ConsentReceipt | null;
  /** Calls back on an event; returns how to stop. */
  on(event: "ready" | "change" | "withdraw", listener: (detail: ConsentDetail) => void): () => void;
}

declare global {
  interface Window {
    readonly consent: Consent;
  }
  interface DocumentEventMap {
    "consent:ready": CustomEvent<ConsentDetail>;
    "consent:change": CustomEvent<ConsentDetail>;
    "consent:withdraw": CustomEvent<ConsentDetail>;
  }
}
