// Rows stay where they are: what changed is shown in its row, and the list is sorted again when somebody asks for it.
import { patch } from "./patch.js";

const changed = new Set(), calling = new Set(), CALL = 3000; // milliseconds of flashing
const highs = row => new Set((row.dataset.place || "").split(" ").filter(one => one.startsWith("high:")));

function mark(row, coming) {
  const known = highs(row), place = row.dataset.place;
  const isNew = [...highs(coming)].some(one => !known.has(one));
  patch(row, coming);
  if (place !== coming.dataset.place) changed.add(row.id);
  if (isNew) call(row);
  row.classList.toggle("moved", changed.has(row.id));
  row.classList.toggle("calls", calling.has(row.id));
}

function call(row) {
  calling.add(row.id);
  setTimeout(() => calling.delete(row.id), CALL);
  say(`New high alert: ${row.querySelector(".name").textContent}. ${row.querySelector(".why").textContent}`);
}

const say = words => { document.getElementById("spoken").textContent = words.replace(/\s+/g, " "); };

function offer() {
  const sort = document.getElementById("sort");
  sort.hidden = changed.size === 0;
  const words = `${changed.size} changed. Sort again`;
  if (!sort.hidden && sort.textContent !== words) sort.textContent = words;
}

export function showRows(page) {
  const rows = document.getElementById("rows");
  for (const coming of page.querySelectorAll("#rows > tr")) {
    const row = document.getElementById(coming.id);
    if (row) mark(row, coming);
    else changed.add(coming.id);
  }
  if (rows) offer();
  find();
}

export function sortRows(page) {
  const rows = document.getElementById("rows"), held = document.activeElement?.closest?.("#rows > tr")?.id;
  rows.replaceChildren(...page.querySelectorAll("#rows > tr"));
  changed.clear();
  offer();
  if (held) document.getElementById(held)?.querySelector(".name").focus({ preventScroll: true });
  find();
  say("Sorted");
}

export function find() {
  const wanted = document.querySelector("#finder input")?.value.trim().toLocaleLowerCase() ?? "";
  for (const row of document.querySelectorAll("#rows > tr")) {
    row.hidden = !row.querySelector(".who-is").textContent.toLocaleLowerCase().includes(wanted);
  }
}
