/** What the server sends, what a visitor says, and what is kept. Shapes only. */

export type Method = "accept_all" | "refuse_all" | "save" | "withdraw" | "embed" | "api";

/** Granted or not, by id of a category or of a service. */
export type Choices = Readonly<Record<string, boolean>>;

/** What the visitor said and when: Unix seconds, 0 before the first decision. */
export interface State {
  /** Every optional category of the notice. */
  readonly choices: Choices;
  /** Only services that were chosen one by one. */
  readonly services: Choices;
  readonly time: number;
}

/** A state the visitor decided on in this page, as against one that was remembered. */
export interface Decision extends State {
  /** UUIDv7; its time is when the visitor decided. A secret of this browser. */
  readonly id: string;
  readonly method: Method;
}

export interface Service {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly third_party: boolean;
  readonly privacy_policy: string | null;
  readonly opt_out: string | null;
  readonly scripts: readonly string[];
}

export type Storage = "cookie" | "local_storage" | "session_storage" | "indexed_db";

/** What the main build needs to know of a cookie. */
export interface Entry {
  /** May end in `*`. */
  readonly name: string;
  readonly storage: Storage;
  readonly service: string;
}

export interface Cookie extends Entry {
  readonly purpose: string;
  readonly lifespan: string;
  readonly http_only: boolean;
  readonly path: string;
}

/** What the main build needs to know of a category. */
export interface Group {
  readonly id: string;
  /** Left out of an excerpt where it is false. */
  readonly required?: boolean;
  readonly consent_mode: readonly string[];
  /** In an excerpt, of a required category the services alone. */
  readonly cookies: readonly (Entry | Pick<Entry, "service">)[];
}

export interface Category extends Group {
  readonly title: string;
  readonly text: string;
  readonly justification?: string;
  readonly cookies: readonly Cookie[];
}

export type Texts = Readonly<Record<string, string>>;

/** The part of a notice that `consent.js` carries: what the banner, the gate and the cookie need. */
export interface Excerpt {
  readonly language: string;
  readonly languages: readonly string[];
  readonly direction: "ltr" | "rtl";
  readonly policy_url: string;
  /** Seconds. */
  readonly ask_again_after: number;
  /** None where cookies belong to each host alone. */
  readonly cookie_domain?: string | null;
  readonly layout: {
    readonly form: string;
    readonly position: string;
    /** The corner of the button that opens the settings again; none where it is left out. */
    readonly button?: string | null;
  };
  readonly texts: Texts;
  readonly categories: readonly Group[];
}

/** All of it: the canonical document that a receipt names by its hash. */
export interface Notice extends Excerpt {
  readonly site: string;
  readonly services: readonly Service[];
  readonly categories: readonly Category[];
}

/**
 * What `consent.js` carries; `notice.json` has the whole notice and the whole of the revision, of which
 * eight digits are enough.
 */
export interface Envelope {
  readonly sha256: string;
  readonly revision: string;
  readonly widget: string | undefined;
  readonly notice: Excerpt | Notice;
}

/** A decision as it is posted. */
export interface Body {
  readonly decision: string;
  readonly notice: string;
  readonly widget: string | undefined;
  readonly method: Method;
  readonly choices: Choices;
  readonly services?: Choices;
  readonly signals: { readonly gpc: boolean };
  readonly token?: string;
}

/** The visitor's copy of what was signed. */
export interface Receipt {
  readonly id: string;
  /** JWS Compact Serialization. */
  readonly receipt: string;
  readonly token: string;
  readonly subject: string;
  readonly valid_until: string;
  readonly choices: Choices;
}

/** What the server answers to a decision; one that narrows an earlier one with what it deleted. */
export interface Answer extends Receipt {
  readonly deletion?: readonly Deletion[];
  /** Posts the same again: of its deletions those that expired were still sent by the browser. */
  readonly again?: () => Promise<Answer>;
}

/** One row of the server's deletion report. */
export interface Deletion {
  readonly name: string;
  readonly category: string;
  readonly service: string;
  readonly outcome: string;
}

/** This browser's copy of the last receipt, and the decisions that have not reached the server. */
export interface Mailbox {
  receipt(next?: Receipt | null): Receipt | null;
  pending(next?: readonly Body[]): readonly Body[];
  /** Puts a decision behind those that wait; returns how many there are now. */
  add(body: Body): number;
  /** Keeps what the server answered to a decision, which then waits no more; throws what is no receipt. */
  settle<A extends Answer>(body: Body, answer: A): A;
}

/** Posts a decision; throws a `Refusal` where it is refused. The path is seen from `receipts`. */
export type Send = (body: Body, path?: string, credentials?: RequestCredentials) => Promise<Answer>;

/** What is thrown where the server does not do what it was asked. */
export interface Refusal extends Error {
  readonly response?: Response;
}

/** The page's cookies as text, and the one way to write them. */
export interface Jar {
  read(): string;
  write(line: string): void;
}

/** What the main build hands to the chunk of its own: the server's doors and this browser's memory. */
export interface Post {
  readonly mailbox: Mailbox;
  readonly jar: Jar;
  /** Gets JSON from the server; the path is seen from `home`. */
  readonly get: (path: string) => Promise<unknown>;
  readonly send: Send;
  /** A decision's id, from Unix milliseconds. */
  readonly newId: (milliseconds: number) => string;
  /** Tries again to deliver what is pending. */
  readonly flush: () => unknown;
  /** Asks about the notice of today, when that of a decision is no longer accepted. */
  readonly renew: () => Promise<void>;
}

/** Something that a script found stored here, by its real name, and whether it could delete it. */
export interface Trace {
  readonly name: string;
  readonly cookie: Cookie;
  readonly gone: boolean;
}

/** What a decision came to, while it is still coming. */
export interface Report {
  /** What was decided before. */
  readonly before: State;
  readonly swept: Promise<readonly Trace[]>;
  readonly answer: Promise<Answer | undefined>;
}

/** Makes an element act when it is pressed; the listener itself sits on the window. */
export type Press = (node: Element, act: (event: Event) => void) => void;

/** Everything that views in the chunk need of the main build. */
export interface Views extends Post {
  /** The rules of core/rules, which the main build has anyway. */
  readonly isGranted: (notice: Excerpt, state: State, id: string) => boolean;
  readonly merge: (notice: Excerpt, state: State, said: Choices) => Pick<State, "choices" | "services">;
  readonly notice: Notice;
  /** What holds now. */
  readonly state: () => State;
  /** Where this site lives on the server: `<server>/v1/<site>`. */
  readonly home: string;
  /** The style sheet shared with the banner. */
  readonly styles: string;
  readonly press: Press;
  readonly decide: (method: Method, said: Pick<State, "choices" | "services">, event?: Event) => Report;
}

/** What the lazy chunk exports. */
export interface Chunk {
  /** Opens the preferences, or the report of what was taken back. */
  open(views: Views, report?: Report): void;
  /** Puts stand-ins where frames may not load, and takes them away where they may. */
  veil(views: Views): void;
  /** Deletes everything stored here that the state does not grant, as long as that is `still` so. */
  sweep(notice: Notice, state: State, jar: Jar, still: () => boolean): Promise<readonly Trace[]>;
  /**
   * Delivers what is pending, oldest first; answers with the last answer. `refusal` is what the oldest
   * has just been answered with, where that failed.
   */
  deliver(post: Post, refusal: unknown): Promise<Answer | undefined>;
  /** Deletes every cookie of this name that the page can reach. */
  expire(name: string, jar: Jar): void;
}

/** Everything the preferences need. */
export interface Preferences {
  readonly notice: Notice;
  readonly state: State;
  readonly receipt: Receipt | null;
  readonly pending: boolean;
  readonly gpc: boolean;
  readonly home: string;
  readonly styles: string;
  /** Set after a withdrawal: the report is shown instead of the switches. */
  readonly report?: Report;
  readonly jar: Jar;
  readonly press: Press;
  readonly decide: (method: Method, choices: Choices, services: Choices, event: Event) => Report;
  readonly get: (path: string) => Promise<unknown>;
}

/** What the preferences show. */
export interface Shown extends Preferences {
  /** Whether something that a row declares is on this device now, as far as a script can see. */
  readonly isStored: (cookie: Cookie) => Promise<boolean>;
}

/** Something that could not be deleted from here. */
export type Left = Pick<Trace, "name" | "cookie">;

/** What a decision deleted, and what only the visitor or a provider can. */
export interface Outcome {
  readonly deleted: readonly string[];
  /** By the server, and the browser sent it no more. */
  readonly expired: readonly string[];
  readonly left: readonly Left[];
  readonly providers: readonly Service[];
}

/** What a receipt says, as far as it is shown here. */
export interface Payload {
  readonly id: string;
  /** RFC 3339. */
  readonly time: string;
  readonly choices: Choices;
  readonly services: Choices;
}

/** A property of a prototype, which nothing in a page can hide as it can hide the object's own. */
export type Accessor = Required<PropertyDescriptor>;
