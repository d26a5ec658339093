// "What is stored now": shows what is in the browser, and sets nothing.
(() => {
  "use strict";
  const strip = document.getElementById("stored");
  const say = strip.dataset;
  const shown = {};
  let lastEvent = "";

  // Rows are [code, text] pairs; a list that says the same is left alone, so that a selection survives.
  const show = (part, rows) => {
    const key = JSON.stringify(rows);
    if (shown[part] === key) return;
    shown[part] = key;
    const items = rows.map(([code, text]) => {
      const item = document.createElement("li");
      if (code) item.append(Object.assign(document.createElement("code"), { textContent: code }), " ");
      item.append(text ?? "");
      return item;
    });
    strip.querySelector(`[data-stored="${part}"]`).replaceChildren(...items);
  };

  const orNone = (rows) => (rows.length > 0 ? rows : [["", say.none]]);

  // An element with the id "consent" would be window.consent too: the widget's has a function.
  const choices = () => {
    if (typeof window.consent?.granted !== "function") return [["", say.missing]];
    const rows = Object.entries(window.consent.choices ?? {});
    if (rows.length === 0) return [["", say.undecided]];
    return rows.map(([id, granted]) => [id, granted ? say.granted : say.refused]);
  };

  const ran = () => {
    const rows = [["", `${say.analytics} ${window.__analyticsRuns ?? 0}`]];
    if (lastEvent) rows.push(["", `${say.lastEvent} ${lastEvent}`]);
    return rows;
  };

  const refresh = () => {
    const cookies = document.cookie.split("; ").filter(Boolean).map((part) => [part.split("=")[0]]);
    const entries = Object.keys(localStorage).sort().map((name) => [name]);
    show("choices", choices());
    show("cookies", orNone(cookies.sort()));
    show("entries", orNone(entries));
    show("ran", ran());
    strip.querySelector('[data-stored="count"]').textContent = String(cookies.length + entries.length);
  };

  for (const name of ["consent:ready", "consent:change", "consent:withdraw"]) {
    document.addEventListener(name, () => {
      lastEvent = name;
      refresh();
    });
  }
  setInterval(refresh, 1000);
  refresh();
})();
