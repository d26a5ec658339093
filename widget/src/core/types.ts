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

export interface Cookie {
  /** May end in `*`. */
  readonly name: string;
  readonly storage: Storage;
  readonly service: string;
  readonly purpose: string;
  readonly lifespan: string;
  readonly http_only: boolean;
  readonly path: string;
}

export interface Category {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly required: boolean;
  readonly justification?: string;
  readonly consent_mode: readonly string[];
  readonly cookies: readonly Cookie[];
}

export type Texts = Readonly<Record<string, string>>;

export interface Notice {
  readonly site: string;
  readonly language: string;
  readonly languages: readonly string[];
  readonly direction: "ltr" | "rtl";
  readonly policy_url: string;
  /** Seconds. */
  readonly ask_again_after: number;
  readonly cookie_domain: string | null;
  readonly layout: { readonly form: string; readonly position: string };
  readonly texts: Texts;
  readonly services: readonly Service[];
  readonly categories: readonly Category[];
}

/** `notice.json`, and what `consent.js` carries. */
export interface Envelope {
  readonly sha256: string;
  readonly revision: string;
  readonly language: string;
  readonly widget?: string;
  readonly notice: Notice;
}

/** A decision as it is posted. */
export interface Body {
  readonly decision: string;
  readonly notice: string;
  readonly widget?: string;
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

/** What the server answers to a decision; a withdrawal's with what it deleted. */
export type Answer = Receipt & { readonly deletion?: readonly Deletion[] };

/** One row of the server's deletion report. */
export interface Deletion {
  readonly name: string;
  readonly category: string;
  readonly service: string;
  readonly outcome: string;
}

/** The page's cookies as text, and the one way to write them. */
export interface Jar {
  read(): string;
  write(line: string): void;
}

/** The declared entries that were found in this browser: gone now (true) or still there (false). */
export type Swept = ReadonlyMap<Cookie, boolean>;

/** What a withdrawal deleted, and what only the visitor or a provider can. */
export interface Report {
  readonly deleted: readonly string[];
  readonly left: readonly Cookie[];
}

/** Makes an element act when it is pressed; the listener itself sits on the window. */
export type Press = (node: Element, act: (event: Event) => void) => void;

/** Everything the preferences need, handed in by the main build. */
export interface Preferences {
  readonly notice: Notice;
  readonly state: State;
  readonly receipt: Receipt | null;
  readonly pending: boolean;
  readonly gpc: boolean;
  /** Where this site lives on the server: `<server>/v1/<site>`. */
  readonly home: string;
  /** The style sheet shared with the banner. */
  readonly styles: string;
  /** Set after a withdrawal: the report is shown instead of the switches. */
  readonly report?: { readonly swept: Swept; readonly deletions: readonly Deletion[] };
  readonly press: Press;
  readonly decide: (method: Method, choices: Choices, services: Choices, event: Event) => void;
  readonly withdraw: (event: Event) => void;
}

/** What stands in for a frame needs this. */
export interface StandIn extends Pick<Preferences, "notice" | "home" | "styles" | "press"> {
  readonly frame: HTMLIFrameElement;
  /** The category or service that the frame is marked with. */
  readonly id: string;
  readonly allow: (event: Event) => void;
}

/** What the lazy chunk exports. */
export interface Chunk {
  open(given: Preferences): void;
  standIn(given: StandIn): HTMLElement;
}
