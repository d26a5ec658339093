/** Something that is loaded when it is first needed, and again after a failure. */
export interface Lazy<T> {
  /** What has been loaded by now. */
  now(): T | undefined;
  load(): Promise<T>;
}

export function lazy<T>(load: () => Promise<T>): Lazy<T> {
  let found: T | undefined;
  let loading: Promise<T> | undefined;
  return {
    now: () => found,
    load() {
      loading ??= load().then(
        (loaded) => {
          found = loaded;
          return loaded;
        },
        (error) => {
          loading = undefined;
          throw error;
        },
      );
      return loading;
    },
  };
}
