// A chart is read with the arrow keys or the pointer. The values are those of its table: nothing is computed here.
const SMALL = 1, LARGE = 30;
let at = 0;

const rows = () => document.getElementById("values")?.rows ?? [];

function words(row) {
  const names = [...document.querySelectorAll(".table th[data-unit]")];
  const [time, ...cells] = [...row.cells].map(cell => cell.textContent.trim());
  if (cells.length <= 1) return `${time}, ${cells[0]}`;
  const values = names.map((name, n) => `${name.dataset.name} ${cells[n]}${cells[n] === "no data" ? "" : ` ${name.dataset.unit}`}`);
  return [time, ...values, `contact ${cells.at(-1)}`].join(", ");
}

function move(to) {
  const chart = document.getElementById("chart"), readout = document.getElementById("readout"), every = rows();
  if (!every.length) return;
  at = Math.max(0, Math.min(every.length - 1, to));
  const x = (every[at].dataset.s / chart.dataset.length) * 1000;
  for (const cursor of chart.querySelectorAll(".cursor")) for (const name of ["x1", "x2"]) cursor.setAttribute(name, x);
  chart.classList.add("read");
  readout.textContent = words(every[at]);
  readout.setAttribute("aria-valuenow", at);
  readout.setAttribute("aria-valuetext", readout.textContent);
}

// After each change of the page: the readout is a script's own, and the cursor is drawn anew with the lines.
export function read() {
  const readout = document.getElementById("readout");
  if (!readout) return;
  readout.hidden = false;
  readout.setAttribute("aria-valuemax", Math.max(0, rows().length - 1));
  if (readout.hasAttribute("data-read")) move(at);
}

const STEPS = { ArrowRight: SMALL, ArrowUp: SMALL, ArrowLeft: -SMALL, ArrowDown: -SMALL, PageUp: LARGE, PageDown: -LARGE, Home: -Infinity, End: Infinity };

document.addEventListener("keydown", event => {
  if (event.target.id !== "readout" || !(event.key in STEPS)) return;
  event.preventDefault();
  event.target.setAttribute("data-read", "");
  move(at + STEPS[event.key]);
});

document.addEventListener("pointermove", event => {
  const plot = event.target.closest?.(".chart .plot");
  if (!plot) return;
  const { left, width } = plot.getBoundingClientRect();
  const s = ((event.clientX - left) / width) * document.getElementById("chart").dataset.length;
  const near = [...rows()].findIndex(row => row.dataset.s >= s);
  document.getElementById("readout").setAttribute("data-read", "");
  move(near < 0 ? Infinity : near);
});
