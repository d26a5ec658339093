// Downloads an export with progress: its lines are counted while it streams, and a broken stream is said to
// be broken instead of being kept as a whole file. Where this cannot run, the links download by themselves.

const running = document.getElementById("running");
const progress = document.getElementById("progress");
const said = document.getElementById("said");
const cancel = document.getElementById("cancel");
const numbers = new Intl.NumberFormat("en-GB");
const NEWLINE = 10;

let stop = null;

/** Let bytes through and count their lines. */
function counter(onLines) {
  let lines = 0;
  return new TransformStream({
    transform(chunk, controller) {
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines += 1;
      onLines(lines);
      controller.enqueue(chunk);
    },
  });
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Show progress. The first line is a head and is no leaf or receipt. */
function show(lines, total, unit) {
  const count = Math.max(0, lines - 1);
  if (total) progress.value = Math.min(count, total);
  said.textContent = `${numbers.format(count)}${total ? ` of ${numbers.format(total)}` : ""} ${unit} …`;
}

async function download(link) {
  stop = new AbortController();
  const total = Number(link.dataset.total ?? 0);
  running.hidden = false;
  cancel.hidden = false;
  progress.removeAttribute("value");
  if (total) progress.max = total;
  let lines = 0;
  let shown = 0;
  try {
    const answer = await fetch(link.href, { signal: stop.signal });
    if (!answer.ok) throw new Error(answer.status === 401 ? "Your session has ended: sign in again." : `HTTP ${answer.status}`);
    const counted = answer.body.pipeThrough(
      counter((count) => {
        lines = count;
        // A status that changes with every chunk is more than a screen, or a screen reader, can follow.
        if (performance.now() - shown < 250) return;
        shown = performance.now();
        show(lines, total, link.dataset.unit);
      }),
    );
    // The browser keeps a large blob on disk.
    const blob = await new Response(counted).blob();
    save(blob, link.download);
    progress.max = 1;
    progress.value = 1;
    const megabytes = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 }).format(blob.size / 1e6);
    said.textContent = `Done: ${numbers.format(Math.max(0, lines - 1))} ${link.dataset.unit}, ${megabytes} MB, in ${link.download}.`;
  } catch (error) {
    progress.max = 1;
    progress.value = 0;
    said.textContent =
      error.name === "AbortError" ? "Cancelled: nothing was kept." : `The download broke off and nothing was kept. ${error.message}`;
  } finally {
    stop = null;
    cancel.hidden = true;
  }
}

cancel.addEventListener("click", () => stop?.abort());
for (const link of document.querySelectorAll("[data-export]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    if (stop === null) download(link);
  });
}
