/** What the visitor says, and what has to follow: remembered first, then acted on. */
import { encode, NAME, type Values } from "./core/cookie";
import { isAllowed, isGranted } from "./core/rules";
import type { Answer, Body, Decision, Entry, Method, Report, State, Trace } from "./core/types";
import { holds, isDoubled, jar, recall, remember } from "./effects/memory";
import { readGpc, signal, tell } from "./effects/signals";
import { Eventual, later } from "./ui/dom";
import { blank, complain, envelope, more, newId, pinned, record, store } from "./visit";

let swept: Promise<readonly Trace[]>;
let recorded: Promise<Answer | undefined>;

/** Whether a category or service is granted now. */
export function granted(id: string): boolean {
  return !!envelope && isGranted(envelope.notice, store.get(), id);
}

/** A click that a script made counts as that script's call. */
export function decide(method: Method, said: Pick<State, "choices" | "services">, event?: Event): Report {
  const before = store.get();
  const now = Date.now();
  const by = event?.isTrusted || method === "withdraw" ? method : "api";
  const id = newId(now);
  store.set({ ...said, time: Math.floor(now / 1000), id, method: by });
  return { before, swept, answer: recorded };
}

/** Begins with what this browser remembers, and says who listens: one that throws stops no other. */
export function begin(gate: () => void, found?: Values): void {
  store.listen((state) => "id" in state && remember(envelope, state));
  // Before the gate: what it lets run must find these words already said.
  store.listen((state) => tell(envelope.notice, state));
  store.set(recall(envelope, found) ?? blank());
  store.listen(gate);
  store.listen((state) => {
    signal("change", state);
    if ((state as Decision).method === "withdraw") signal("withdraw", state);
  });
  store.listen((state) => {
    // What has just been granted runs first; a page that leaves waits no longer.
    const start = new Eventual((go) => {
      later(go, 40);
      addEventListener("pagehide", go);
    });
    swept = start.then(cleanUp);
    if ("id" in state) recorded = record(bodyOf(state), start);
  });
  later(cleanUp);
  later(cleanUp, 5_000); // for what was not there yet
}

/** Follows what another tab decided. */
export function follow(): void {
  const found = recall(envelope);
  const now = store.get();
  const value = (state: State): string => encode(envelope.revision, state);
  if (found && found.time >= now.time && value(found) !== value(now)) store.set(found);
}

/** Deletes what is stored here and not granted, and consent cookies that contradict ours. */
function cleanUp(): Promise<readonly Trace[]> {
  const state = store.get();
  const needed = state.time && (isDoubled() || storesRefused(state));
  const traces = needed ? sweepUp(state) : Eventual.resolve([]);
  traces.catch(complain);
  return traces;
}

async function sweepUp(state: State): Promise<readonly Trace[]> {
  const [{ expire, sweep }, notice] = await more();
  if (isDoubled()) {
    expire(NAME, jar);
    remember(envelope, state);
  }
  return sweep(notice, state, jar, () => store.get() === state);
}

function storesRefused(state: State): boolean {
  for (const group of envelope.notice.categories)
    for (const entry of group.cookies)
      if (!isAllowed(state, group, entry.service) && holds(entry as Entry)) return true;
  return false;
}

function bodyOf({ id, method, choices, services }: Decision): Body {
  return {
    decision: id,
    notice: envelope.sha256,
    widget: pinned ?? envelope.widget,
    method,
    choices,
    services,
    signals: { gpc: readGpc() },
  };
}
