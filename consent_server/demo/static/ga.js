// A stand-in for the ga.js of Google Analytics: the same five first-party cookies, and nothing is sent.
// It counts its runs in window.__analyticsRuns, so that gating can be seen.
(() => {
  "use strict";
  const MINUTE = 60;
  const DAY = 24 * 60 * MINUTE;
  const now = Math.floor(Date.now() / 1000);

  const read = (name) => {
    const entry = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
    return entry === undefined ? [] : entry.slice(name.length + 1).split(".");
  };

  // Without a lifetime (in seconds) the cookie ends with the session.
  const remember = (name, fields, lifetime) => {
    const ends = lifetime === undefined ? "" : `; max-age=${lifetime}`;
    document.cookie = `${name}=${fields.join(".")}; path=/${ends}; SameSite=Lax`;
  };

  // The old script began every value with a 28-bit hash of the host.
  const hash = (text) => {
    let sum = 0;
    for (let at = text.length - 1; at >= 0; at -= 1) {
      const code = text.charCodeAt(at);
      sum = ((sum << 6) & 0xfffffff) + code + (code << 14);
      const high = sum & 0xfe00000;
      if (high !== 0) sum ^= high >> 21;
    }
    return sum;
  };

  const host = hash(location.hostname);
  const [, visitor, first, , last, sessions] = read("__utma");
  const [, pages] = read("__utmb");
  const inSession = visitor !== undefined && pages !== undefined;
  const session = inSession ? Number(sessions) : Number(sessions ?? 0) + 1;
  const started = inSession ? last : now;
  const before = inSession ? read("__utma")[3] : (last ?? now);
  const id = visitor ?? crypto.getRandomValues(new Uint32Array(1))[0] >>> 1;

  remember("__utma", [host, id, first ?? now, before, started, session], 2 * 365 * DAY);
  remember("__utmb", [host, Number(pages ?? 0) + 1, 10, started], 30 * MINUTE);
  remember("__utmc", [host]);
  remember("__utmt", [1], 10 * MINUTE);
  remember("__utmz", [host, now, session, 1, "utmcsr=(direct)|utmccn=(direct)|utmcmd=(none)"], 182.5 * DAY);

  window.__analyticsRan = true;
  window.__analyticsRuns = (window.__analyticsRuns ?? 0) + 1;
})();
