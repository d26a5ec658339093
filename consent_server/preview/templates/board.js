// The board: frames of fixed width for each view, drawn anew when the file is saved.
const DEVICES = [
  { name: "Phone", width: 390, height: 760 },
  { name: "Desktop", width: 1280, height: 800 },
];
const find = (selector) => document.querySelector(selector);
const make = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text }, more);

let state = { version: 0, shown: 0, languages: [] };
let language = new URLSearchParams(location.hash.slice(1)).get("lang");

const addressOf = (view) =>
  view === "cookies" || view === "guide"
    ? `/v1/${state.site}/${view}?lang=${language}`
    : `/preview/stage?view=${view}&lang=${language}&version=${state.shown}`;

// A frame keeps its place: whoever reads the third table is not thrown back to the first.
const load = (frame, address) => {
  const top = frame.contentWindow?.scrollY ?? 0;
  frame.onload = () => frame.contentWindow.scrollTo(0, top);
  frame.contentWindow.location.replace(address);
};

const frames = [];
for (const section of document.querySelectorAll("main section")) {
  const row = make("div", "", { className: "row" });
  for (const { name, width, height } of DEVICES) {
    const figure = make("figure", "");
    const box = make("div", "", { className: "box" });
    const frame = make("iframe", "", { title: `${section.querySelector("h2").textContent}, ${name}` });
    Object.assign(frame.style, { width: `${width}px`, height: `${height}px` });
    figure.style.flexGrow = String(width === 390 ? 390 : 800);
    figure.style.flexBasis = width === 390 ? "240px" : "480px";
    new ResizeObserver(([{ contentRect }]) => {
      const scale = Math.min(1, (contentRect.width - 2) / width);
      frame.style.transform = `scale(${scale})`;
      box.style.width = `${Math.floor(width * scale)}px`;
      box.style.height = `${Math.ceil(height * scale)}px`;
    }).observe(figure);
    figure.append(make("figcaption", `${name}, ${width} pixels wide`), box);
    box.append(frame);
    row.append(figure);
    frames.push({ frame, view: section.dataset.view });
  }
  section.append(row);
}

const draw = () => {
  if (!state.shown) return;
  for (const { frame, view } of frames) load(frame, addressOf(view));
};

const drawLanguages = () => {
  const known = state.languages.map(({ tag }) => tag);
  if (known.length && !known.includes(language)) language = known[0];
  const labels = state.languages.map(({ tag, name }) => {
    const label = make("label", "");
    const input = make("input", "", { type: "radio", name: "language", value: tag, checked: tag === language });
    input.addEventListener("change", () => {
      language = tag;
      history.replaceState(null, "", `#lang=${tag}`);
      draw();
    });
    label.append(input, ` ${name}`);
    label.lang = tag;
    return label;
  });
  find("#languages").replaceChildren(find("#languages legend"), ...labels);
};

const drawFlaws = (id, flaws, more = 0) => {
  const items = flaws.map(({ line, column, message, source, rule }) => {
    const item = make("li", "");
    if (line) item.append(make("span", `Line ${line}, column ${column}`, { className: "place" }));
    item.append(make("p", message));
    if (source.trim()) item.append(make("code", source.trim()));
    if (rule) item.append(make("span", rule, { className: "rule" }));
    return item;
  });
  if (more) items.push(make("li", `… and ${more} more.`));
  find(`#${id} ol`).replaceChildren(...items);
  find(`#${id}`).hidden = items.length === 0;
};

const drawChanges = () => {
  const { changes } = state;
  const asks = changes.some((change) => change.asks);
  find("#changes p").textContent = asks ? "Visitors will be asked again." : "Nobody is asked again.";
  find("#changes p").className = asks ? "asks" : "";
  const items = changes.map(({ says, why, asks: asking }) => {
    const item = make("li", "", { className: asking ? "asks" : "" });
    item.append(make("p", says.replace(/\.?$/, ".")), make("span", `${asking ? "Asks again" : "Asks nobody"}: ${why}.`, { className: "rule" }));
    return item;
  });
  find("#changes ol").replaceChildren(...items);
  find("#changes").hidden = items.length === 0;
};

const drawCheck = () => {
  const { errors, warnings, more, broken, shown, shown_at: at } = state;
  const count = errors.length + more;
  const pill = find("#pill");
  const few = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
  pill.className = broken ? "bad" : warnings.length ? "warn" : "good";
  pill.textContent = broken ? `${few(count, "error")}` : warnings.length ? few(warnings.length, "warning") : "Holds";
  find("#stale").hidden = !broken;
  find("#stale").textContent = shown
    ? `The file cannot be shown as it is. Below is the last good version, of ${new Date(at * 1000).toLocaleTimeString()}.`
    : "The file cannot be shown yet. It appears here as soon as it holds.";
  document.body.classList.toggle("stale", broken);
  document.body.classList.toggle("empty", !shown);
  drawFlaws("errors", errors, more);
  drawFlaws("warnings", warnings);
  find("#fine").hidden = errors.length + warnings.length > 0;
};

for (const input of document.querySelectorAll("#schemes input"))
  input.addEventListener("change", () => {
    document.documentElement.dataset.frames = input.value;
  });

const news = new EventSource("/preview/events");
news.addEventListener("message", ({ data }) => {
  const { shown } = state;
  state = JSON.parse(data);
  find("#site").textContent = state.site ?? "";
  drawLanguages();
  drawCheck();
  drawChanges();
  if (state.shown !== shown) draw();
  document.body.dataset.version = state.version;
});
news.addEventListener("error", () => {
  find("#pill").textContent = "The preview was stopped";
  find("#pill").className = "bad";
});
