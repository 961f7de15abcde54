// J and K go from one thing to the next, A takes an alert on. Letters can be switched off: who speaks to a computer
// types them by the way.
const KEPT = "lumenward-keys", box = document.getElementById("keys-on");
const STEPS = { j: 1, k: -1 };

const isOn = () => localStorage.getItem(KEPT) !== "off";
const isTyping = element => element.matches("input:not([type=checkbox]), textarea, select");
const item = element => element?.closest("tr, li");

function step(by) {
  const stops = [...document.querySelectorAll("[data-stop]")].filter(one => one.checkVisibility());
  const here = stops.findIndex(one => item(one) === item(document.activeElement));
  const next = here < 0 ? (by > 0 ? 0 : stops.length - 1) : here + by;
  stops[next]?.focus();
  item(stops[next])?.scrollIntoView({ block: "nearest" });
}

// Of the thing that has the focus; in a list of patients never of another one.
function take() {
  const within = item(document.activeElement) ?? (document.getElementById("rows") ? null : document);
  within?.querySelector("[data-take]")?.click();
}

function press(event) {
  const key = event.key.toLowerCase();
  if (!isOn() || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (key in STEPS) step(STEPS[key]);
  if (key === "a") take();
}

export function offerKeys() {
  if (!box) return;
  document.getElementById("keys").hidden = false;
  box.checked = isOn();
  box.addEventListener("change", () => localStorage.setItem(KEPT, box.checked ? "on" : "off"));
  document.addEventListener("keydown", press);
}
