// Keep an open page true: ask again whenever the bell rings, and every few seconds when it does not.
import { now, setNow, tick } from "./ages.js";
import { read } from "./chart.js";
import { offerKeys } from "./keys.js";
import { listen } from "./live.js";
import { patch } from "./patch.js";
import { find, showRows, sortRows } from "./triage.js";

const OFTEN = 500, QUIET = 4000, PATIENCE = 4000, WHOLE = 60000, LOST = 8000; // milliseconds
const root = document.documentElement, live = document.getElementById("live"), stale = document.getElementById("stale");
let cursor = root.dataset.cursor, asked = 0, whole = performance.now(), sign = performance.now(), waits = 0, busy = false, out = false;

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: root.dataset.zone });

function show(page, rows = showRows) {
  setNow(page.documentElement.dataset.now);
  patch(document.getElementById("main"), page.getElementById("main"));
  rows(page);
  read();
  tick();
}

async function ask(url, options = {}) {
  const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE), ...options });
  out = answer.redirected && new URL(answer.url).pathname === "/login";
  if (out || !answer.ok) throw new Error(answer.status);
  sign = performance.now();
  setNow(answer.headers.get("Lumenward-Now"));
  return answer;
}

const parse = async answer => new DOMParser().parseFromString(await answer.text(), "text/html");

async function refresh() {
  if (busy || document.hidden) return;
  [busy, asked] = [true, performance.now()];
  const all = asked - whole > WHOLE; // a day may begin without anything changing
  try {
    const answer = await ask(location.href, all ? {} : { headers: { "Lumenward-After": cursor } });
    if (answer.status === 200) show(await parse(answer));
    if (all) whole = asked;
    cursor = answer.headers.get("Lumenward-Cursor") ?? cursor;
  } catch { /* said below when it lasts */ }
  busy = false;
  say();
}

function ring() {
  if (waits) return;
  waits = setTimeout(async () => {
    waits = 0;
    if (busy) ring();
    else await refresh();
  }, Math.max(0, asked + OFTEN - performance.now()));
}

function say() {
  const silent = performance.now() - sign, lost = out || silent > LOST;
  stale.hidden = !lost;
  live.dataset.state = lost ? "lost" : "live";
  const words = lost ? "Not live" : `Live, ${clock.format(now() - silent)}`;
  if (live.textContent !== words) live.textContent = words;
  if (!lost) return;
  const since = out ? "You are logged out. Reload to log in again." : `Connection lost ${Math.round(silent / 1000)} s ago. Showing ${clock.format(now() - silent)}. Retrying.`;
  if (stale.textContent !== since) stale.textContent = since;
}

document.addEventListener("submit", async event => {
  const form = event.target, button = event.submitter, within = button.closest("[id]")?.id;
  if (!("live" in form.dataset)) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  button.disabled = true;
  button.firstChild.data = button.dataset.doing;
  try {
    show(await parse(await ask(button.getAttribute("formaction") ?? form.action, { method: "POST", body })));
    // The button is gone: what it stood in has the focus now.
    document.getElementById(within)?.querySelector("[data-stop]")?.focus({ preventScroll: true });
  } catch { [button.disabled, button.firstChild.data] = [false, "Not done. Try again"]; }
});

document.addEventListener("click", async event => {
  if (event.target.id !== "sort") return;
  event.preventDefault();
  try { show(await parse(await ask(location.href)), sortRows); } catch { location.reload(); }
});

document.getElementById("finder")?.addEventListener("input", find);
document.addEventListener("visibilitychange", () => ring());
addEventListener("hashchange", openTarget);

// A link to a meaning opens the box that it is in.
function openTarget() {
  const box = location.hash && document.getElementById(location.hash.slice(1))?.closest("details");
  if (box) box.open = true;
}

setInterval(() => {
  tick();
  if (performance.now() - Math.max(sign, asked) > QUIET) ring();
  say();
}, 1000);

openTarget();
offerKeys();
listen(ring);
read();
say();
