// Runs before any script of any frame: tells who writes what. Names only, never what is written.
(() => {
  "use strict";
  const tell = globalThis.__consentScan;
  delete globalThis.__consentScan;
  if (typeof tell !== "function") return;

  // The innermost script with an address is the one that wrote. An inline script that another put into the
  // page has none: `inline` says that such a one stands nearer.
  const writer = () => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 40;
    const lines = String(new Error().stack).split("\n");
    Error.stackTraceLimit = limit;
    let inline = false;
    for (const line of lines.slice(1)) {
      if (line.includes("consent-scan-hook")) continue;
      const by = /https?:\/\/[^\s()]+?(?=:\d+:\d+)/.exec(line)?.[0];
      if (by) return { by, inline };
      inline ||= /<anonymous>:\d+:\d+/.test(line);
    }
    return { by: null, inline };
  };

  const say = (storage, name, effect) => {
    try {
      void tell({ storage, name: String(name), effect, ...writer() });
    } catch {
      // A frame that is going away has nobody to tell.
    }
  };

  const wrap = (owner, property, key, around) => {
    const found = owner && Object.getOwnPropertyDescriptor(owner, property);
    if (!found?.[key]) return;
    Object.defineProperty(owner, property, { ...found, [key]: around(found[key], found) });
  };

  const nameOf = (pair) => String(pair).split(";", 1)[0].split("=", 1)[0].trim();

  wrap(Document.prototype, "cookie", "set", (set, { get }) => {
    const has = (document, name) => get.call(document).split("; ").some((pair) => nameOf(pair) === name);
    return function (value) {
      const name = nameOf(value);
      const before = has(this, name);
      set.call(this, value);
      const after = has(this, name);
      say("cookie", name, after ? "set" : before ? "gone" : "unseen");
    };
  });

  wrap(globalThis.CookieStore?.prototype, "set", "value", (set) => {
    return function (first, ...rest) {
      say("cookie", typeof first === "object" ? first?.name : first, "unseen");
      return set.call(this, first, ...rest);
    };
  });

  const kind = (storage) => {
    try {
      return storage === localStorage ? "local_storage" : "session_storage";
    } catch {
      return "session_storage";
    }
  };

  wrap(Storage.prototype, "setItem", "value", (set) => {
    return function (name, ...rest) {
      set.call(this, name, ...rest);
      say(kind(this), name, "set");
    };
  });

  wrap(Storage.prototype, "removeItem", "value", (remove) => {
    return function (name) {
      remove.call(this, name);
      say(kind(this), name, "gone");
    };
  });

  wrap(globalThis.IDBFactory?.prototype, "open", "value", (open) => {
    return function (name, ...rest) {
      const request = open.call(this, name, ...rest);
      say("indexed_db", name, "set");
      return request;
    };
  });
})();
//# sourceURL=consent-scan-hook
