type Listener<S> = (state: S) => void;

/** The one value everything follows. */
export interface Store<S> {
  get(): S;
  set(next: S): void;
  /** Listeners are told in the order they came. */
  listen(listener: Listener<S>): void;
}

/** `report` gets whatever a listener throws; the listeners after it are told all the same. */
export function createStore<S>(first: S, report: (error: unknown) => void): Store<S> {
  let state = first;
  const listeners = new Set<Listener<S>>();
  return {
    get: () => state,
    set(next) {
      state = next;
      for (const listener of listeners) {
        try {
          listener(next);
        } catch (error) {
          report(error);
        }
      }
    },
    listen: (listener) => listeners.add(listener),
  };
}
